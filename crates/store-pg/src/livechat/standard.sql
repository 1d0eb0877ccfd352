-- The live chat of the contract, for a database that has none: a demo, a test, a new product. Nothing of
-- this is made beside what exists. What Switchroom may do with these tables is added afterwards, as for
-- everybody's tables.

create table public.livechat_contacts (
  id           uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  display_name text,
  phone_number text, -- as people write it
  created_at   timestamptz not null default now()
);
create index idx_livechat_contacts_workspace_tail
  on public.livechat_contacts (workspace_id, voice.tail(phone_number));

create table public.livechat_contact_assignments (
  id           uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  contact_id   uuid not null,
  user_id      uuid not null,
  status       text default 'active',
  created_at   timestamptz not null default now(),
  created_by   uuid
);
create index idx_livechat_contact_assignments_workspace_contact_status
  on public.livechat_contact_assignments (workspace_id, contact_id, status)
  where status = 'active';

-- One row per member and workspace; the roles agent and admin take calls.
create table public.user_profiles (
  id             uuid not null,
  workspace_id   text not null,
  full_name      text,
  workspace_role text
);
create unique index idx_user_profiles_workspace_user
  on public.user_profiles (workspace_id, id);

-- It runs with the caller's privileges (security invoker). With the owner's, it would show every workspace.
create view public.user_profiles_with_workspace
  with (security_invoker = true, security_barrier = true) as
  select id, full_name, workspace_role, workspace_id from public.user_profiles;

-- One row per call, for handled and unhandled calls.
create table public.livechat_messages (
  id           uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  contact_id   uuid,
  user_id      uuid, -- the agent who handled the call
  sender       text, -- contact | user
  body         text,
  msg_type     text, -- 'call'
  direction    text, -- inbound | outbound
  twilio_sid   text,
  status       text,
  created_at   timestamptz not null default now()
);
create unique index idx_livechat_messages_workspace_call
  on public.livechat_messages (workspace_id, twilio_sid) where msg_type = 'call';

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array[
    'livechat_contacts', 'livechat_contact_assignments', 'user_profiles', 'livechat_messages'
  ] loop
    execute format('alter table public.%I enable row level security, force row level security',
      tenant_table);
    -- The owner of the table, and the role that migrates, still see all rows.
    execute format('create policy voice_owner on public.%I to current_user, %I '
      'using (true) with check (true)', tenant_table, (select pg_get_userbyid(relowner)
        from pg_class where oid = format('public.%I', tenant_table)::regclass));
  end loop;
end $$;

revoke all on public.livechat_contacts, public.livechat_contact_assignments, public.user_profiles,
  public.livechat_messages from voice_agent, voice_webhook, voice_livechat, voice_finder;
