-- The live chat of the contract: its tables, and the functions by which Switchroom reads them and writes
-- their log.
--
-- The tables keep their names, columns and rows. Where they exist, only the columns, indexes and
-- policies that are named here are added.

-- ---------------------------------------------------------------------------------------------
-- The live chat's tables. Existing front ends read and write them.
-- ---------------------------------------------------------------------------------------------

-- If row-level security is off on an existing table, its readers need no policy today. Switching it on
-- would hide every row from them, so the owner decides.
do $$
declare
  open_table text;
begin
  select string_agg(c.relname, ', ' order by c.relname) into open_table
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
      and c.relname in ('livechat_contacts', 'livechat_contact_assignments', 'user_profiles',
                        'livechat_messages');
  if open_table is not null then
    raise exception 'row-level security is off for %', open_table
      using hint = 'Give your front ends a policy on each of these tables, enable row level '
        'security there, and migrate again: docs/migrating-from-node.md, "Existing tables".';
  end if;
end $$;

create table if not exists public.livechat_contacts (
  id           uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  display_name text,
  phone_number text, -- as people write it
  created_at   timestamptz not null default now()
);
-- Earlier versions found contacts by the text of their numbers.
drop index if exists public.idx_livechat_contacts_workspace_phone;
create index if not exists idx_livechat_contacts_workspace_tail
  on public.livechat_contacts (workspace_id, voice.tail(phone_number));

create table if not exists public.livechat_contact_assignments (
  id           uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  contact_id   uuid not null,
  user_id      uuid not null,
  status       text default 'active',
  created_at   timestamptz not null default now(),
  created_by   uuid
);
create index if not exists idx_livechat_contact_assignments_workspace_contact_status
  on public.livechat_contact_assignments (workspace_id, contact_id, status)
  where status = 'active';

-- One row per member and workspace; the roles agent and admin take calls.
create table if not exists public.user_profiles (
  id             uuid not null,
  workspace_id   text not null,
  full_name      text,
  workspace_role text
);
create unique index if not exists idx_user_profiles_workspace_user
  on public.user_profiles (workspace_id, id);

-- The view runs with the caller's privileges (security invoker). With the owner's, it would show every
-- workspace. An existing view may be all that a front end can read, so the owner decides about a change.
do $$
begin
  if to_regclass('public.user_profiles_with_workspace') is null then
    create view public.user_profiles_with_workspace
      with (security_invoker = true, security_barrier = true) as
      select id, full_name, workspace_role, workspace_id from public.user_profiles;
  elsif not exists (select from pg_class c
      where c.oid = to_regclass('public.user_profiles_with_workspace')
        and c.reloptions && array['security_invoker=true', 'security_invoker=on',
          'security_invoker=1', 'security_invoker=yes']) then
    raise exception 'the view user_profiles_with_workspace shows every workspace to every reader'
      using hint = 'Let your front ends read user_profiles under a policy, alter the view with set '
        '(security_invoker = true), and migrate again: docs/migrating-from-node.md, "Existing '
        'tables".';
  end if;
end $$;

-- One row per call, for handled and unhandled calls.
create table if not exists public.livechat_messages (
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
create unique index if not exists idx_livechat_messages_workspace_call
  on public.livechat_messages (workspace_id, twilio_sid) where msg_type = 'call';

-- ---------------------------------------------------------------------------------------------
-- The functions. They run as a role that can do what they do and nothing else, and filter by the
-- workspace of the transaction; the policies of that role are the second fence.
-- ---------------------------------------------------------------------------------------------

create schema if not exists livechat;

-- Functions belong to their role, which the owner must be able to become for as long as this runs. A
-- member of the role would be kept behind its policies.
do $$
begin
  if not (select r.rolsuper from pg_roles r where r.rolname = current_user) then
    execute format('grant voice_livechat, voice_finder to %I', current_user);
  end if;
end $$;
grant usage, create on schema livechat to voice_livechat, voice_finder;

create or replace function livechat.members(ws text)
  returns table (user_id uuid, name text, role text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select p.id, left(p.full_name, 200), p.workspace_role
    from public.user_profiles p where p.workspace_id = ws and ws = voice.workspace();
end $$;

create or replace function livechat.member(ws text, who uuid)
  returns table (name text, role text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select left(p.full_name, 200), p.workspace_role
    from public.user_profiles p
    where p.workspace_id = ws and ws = voice.workspace() and p.id = who;
end $$;

-- Contacts are read one by one by their primary key: for `id = any (ids)` the planner reads an index of
-- the whole workspace beside it.

-- The ids of contacts whose numbers have these last digits, and nothing else of them. Behind a policy,
-- no index on an expression finds anything: only a superuser can say that an expression tells nothing
-- about rows that the policy hides. So this runs as a role of its own, which all rows are shown to, and
-- what has these ids is read behind the policy.
create or replace function livechat.contact_ids(ws text, tails text[]) returns setof uuid
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select c.id from public.livechat_contacts c
    where c.workspace_id = ws and ws = voice.workspace() and voice.tail(c.phone_number) = any (tails)
    limit 1000;
end $$;

create or replace function livechat.contacts(ws text, tails text[])
  returns table (contact_id uuid, name text, number text, created_at timestamptz)
  language plpgsql stable security definer set search_path = '' as $$
declare
  ids uuid[] := array(select livechat.contact_ids(ws, tails));
begin
  return query select c.id, left(c.display_name, 200), left(c.phone_number, 100), c.created_at
    from unnest(ids) as i (id) join public.livechat_contacts c on c.id = i.id
    where c.workspace_id = ws and ws = voice.workspace();
end $$;

create or replace function livechat.contact(ws text, ids uuid[])
  returns table (contact_id uuid, name text, number text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select c.id, left(c.display_name, 200), left(c.phone_number, 100)
    from unnest(ids) as i (id) join public.livechat_contacts c on c.id = i.id
    where c.workspace_id = ws and ws = voice.workspace();
end $$;

-- Contacts by id, for the set-up check.
create or replace function livechat.contacts_after(ws text, after uuid, most integer)
  returns table (contact_id uuid, number text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select c.id, left(c.phone_number, 100)
    from public.livechat_contacts c
    where c.workspace_id = ws and ws = voice.workspace() and c.id > after
    order by c.id limit most;
end $$;

create or replace function livechat.assigned(ws text, ids uuid[])
  returns table (contact_id uuid, user_id uuid)
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select distinct a.contact_id, a.user_id
    from public.livechat_contact_assignments a
    where a.workspace_id = ws and ws = voice.workspace() and a.contact_id = any (ids)
      and a.status = 'active'
    order by 1, 2 limit 1000;
end $$;

-- There is no table of workspaces, so every one may exist.
create or replace function livechat.workspace(ws text) returns boolean
  language plpgsql stable security definer set search_path = '' as $$
begin
  return ws = voice.workspace();
end $$;

-- One row for each call. The applier has locked the call, so nobody else writes its row. A contact or
-- user that no longer exists is left out, because a foreign key of the live chat could refuse it; one
-- that is in the row already stays there.
create or replace function livechat.log(ws text, entries jsonb) returns integer
  language plpgsql volatile security definer set search_path = '' as $$
declare
  entry record;
  old record;
  is_new boolean;
  contact uuid;
  handled_by uuid;
  written integer := 0;
begin
  if ws is distinct from voice.workspace() then
    return 0;
  end if;
  for entry in select m.* from jsonb_to_recordset(entries) as m
      (twilio_sid text, contact_id uuid, user_id uuid, sender text, body text, direction text,
       status text, created_at timestamptz)
  loop
    select o.contact_id, o.user_id, o.sender, o.body, o.direction, o.status, o.created_at into old
      from public.livechat_messages o
      where o.workspace_id = ws and o.twilio_sid = entry.twilio_sid and o.msg_type = 'call';
    is_new := not found;
    contact := entry.contact_id;
    if contact is distinct from old.contact_id then
      contact := (select c.id from public.livechat_contacts c
        where c.workspace_id = ws and c.id = contact);
    end if;
    handled_by := entry.user_id;
    if handled_by is distinct from old.user_id then
      handled_by := (select p.id from public.user_profiles p
        where p.workspace_id = ws and p.id = handled_by);
    end if;
    if is_new then
      insert into public.livechat_messages (workspace_id, contact_id, user_id, sender, body, msg_type,
          direction, twilio_sid, status, created_at)
        values (ws, contact, handled_by, entry.sender, entry.body, 'call', entry.direction,
          entry.twilio_sid, entry.status, coalesce(entry.created_at, now()));
      written := written + 1;
    elsif (old.contact_id, old.user_id, old.sender, old.body, old.direction, old.status,
        old.created_at) is distinct from (contact, handled_by, entry.sender, entry.body,
        entry.direction, entry.status, coalesce(entry.created_at, old.created_at)) then
      update public.livechat_messages o set contact_id = contact, user_id = handled_by,
          sender = entry.sender, body = entry.body, direction = entry.direction,
          status = entry.status, created_at = coalesce(entry.created_at, old.created_at)
        where o.workspace_id = ws and o.twilio_sid = entry.twilio_sid and o.msg_type = 'call';
      written := written + 1;
    end if;
  end loop;
  return written;
end $$;

do $$
declare
  question record;
begin
  for question in select p.oid::regprocedure as name, case p.proname
        when 'contact_ids' then 'voice_finder' else 'voice_livechat' end as owner,
        case p.proname when 'contact_ids' then 'voice_livechat' else 'voice_webhook' end as asker
      from pg_proc p where p.pronamespace = 'livechat'::regnamespace loop
    execute format('alter function %s owner to %I', question.name, question.owner);
    execute format('revoke all on function %s from public', question.name);
    -- The functions of the schema voice, which the owner has, ask some of them.
    execute format('grant execute on function %s to %I, %I', question.name, question.asker,
      current_user);
  end loop;
end $$;
revoke create on schema livechat from voice_livechat, voice_finder;
grant usage on schema livechat to voice_webhook;
do $$
begin
  if not (select r.rolsuper from pg_roles r where r.rolname = current_user) then
    execute format('revoke voice_livechat, voice_finder from %I', current_user);
  end if;
end $$;

do $$
declare
  tenant_table text;
  kind text;
begin
  foreach tenant_table in array array[
    'livechat_contacts', 'livechat_contact_assignments', 'user_profiles', 'livechat_messages'
  ] loop
    execute format('alter table public.%I enable row level security, force row level security',
      tenant_table);
    -- The owner of the table, and the role that migrates, still see all rows.
    execute format('drop policy if exists voice_owner on public.%I', tenant_table);
    execute format('create policy voice_owner on public.%I to current_user, %I '
      'using (true) with check (true)', tenant_table, (select pg_get_userbyid(relowner)
        from pg_class where oid = format('public.%I', tenant_table)::regclass));
    foreach kind in array array['permissive', 'restrictive'] loop
      -- Earlier versions read the tables as these roles.
      execute format('drop policy if exists voice_agent_%s on public.%I', kind, tenant_table);
      execute format('drop policy if exists voice_webhook_%s on public.%I', kind, tenant_table);
      execute format('drop policy if exists voice_livechat_%s on public.%I', kind, tenant_table);
      execute format('create policy voice_livechat_%s on public.%I as %1$s to voice_livechat '
        'using (workspace_id = (select voice.workspace())) '
        'with check (workspace_id = (select voice.workspace()))', kind, tenant_table);
    end loop;
  end loop;
end $$;

drop policy if exists voice_finder on public.livechat_contacts;
create policy voice_finder on public.livechat_contacts for select to voice_finder using (true);

revoke all on public.livechat_contacts, public.livechat_contact_assignments, public.user_profiles,
  public.livechat_messages from voice_agent, voice_webhook, voice_livechat, voice_finder;
grant select (id, workspace_id, phone_number) on public.livechat_contacts to voice_finder;
grant select (id, workspace_id, full_name, workspace_role) on public.user_profiles
  to voice_livechat;
grant select (id, workspace_id, display_name, phone_number, created_at) on public.livechat_contacts
  to voice_livechat;
grant select (workspace_id, contact_id, user_id, status) on public.livechat_contact_assignments
  to voice_livechat;
-- No right to the id: the primary key of the live chat's tables is the id alone, so who could choose an
-- id could find out by a duplicate whether another workspace has it. The default chooses it.
grant select (workspace_id, contact_id, user_id, sender, body, msg_type, direction, twilio_sid,
    status, created_at),
  insert (workspace_id, contact_id, user_id, sender, body, msg_type, direction, twilio_sid, status,
    created_at),
  update (contact_id, user_id, sender, body, direction, status, created_at)
  on public.livechat_messages to voice_livechat;
