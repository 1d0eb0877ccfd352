-- Switchroom: the whole database, from top to bottom.
--
-- `switchroom migrate` applies this file as the owner, in one transaction, under an advisory lock.
-- It can be applied again at any time: what exists is kept, what is missing is made. The live
-- chat's own tables keep their names, columns and rows; where they exist they are not altered
-- beyond the columns, indexes and policies that are named here.
--
-- Rules that hold for every table with a `workspace_id`:
--   * row-level security is on and forced;
--   * each of the two working roles has a permissive policy and its restrictive twin, so that a
--     careless `using (true)` beside them opens nothing;
--   * unique keys and foreign keys start with `workspace_id`, because the checks of keys do not
--     know policies and would tell one workspace about another.

-- ---------------------------------------------------------------------------------------------
-- Roles. The server's login role is made by `switchroom migrate` from DATABASE_URL; it has no
-- rights of its own and may become these two.
-- ---------------------------------------------------------------------------------------------

do $$
declare
  working_role text;
begin
  foreach working_role in array array['voice_agent', 'voice_webhook'] loop
    if to_regrole(working_role) is null then
      begin
        execute format('create role %I nologin', working_role);
        execute format('comment on role %I is %L', working_role, case working_role
          when 'voice_agent' then 'Switchroom: a session was checked; acts for one agent'
          else 'Switchroom: a signature was checked; acts for one workspace' end);
      exception when duplicate_object or unique_violation then
        null; -- roles belong to the cluster; another database made it
      end;
    end if;
  end loop;
  execute format('revoke temporary on database %I from public', current_database());
end $$;

-- ---------------------------------------------------------------------------------------------
-- Who asks. Supabase brings auth.uid(); elsewhere it is made the same way.
-- ---------------------------------------------------------------------------------------------

do $$
begin
  if to_regprocedure('auth.uid()') is null then
    create schema if not exists auth;
    create function auth.uid() returns uuid language sql stable as
      'select (nullif(current_setting(''request.jwt.claims'', true), '''')::json ->> ''sub'')::uuid';
    grant usage on schema auth to public;
  end if;
  grant usage on schema auth to voice_agent;
  grant execute on function auth.uid() to voice_agent;
end $$;

create schema if not exists voice;
-- The comment on this schema is the SHA-256 of this file: `switchroom migrate` writes it, and the
-- server compares it with its own.

-- ---------------------------------------------------------------------------------------------
-- The live chat's tables. Existing front ends read and write them.
-- ---------------------------------------------------------------------------------------------

-- A table that was there before with row-level security off has readers who need no policy today.
-- Switching it on would hide every row from them, so that is the owner's decision, not ours.
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
  phone_number text, -- E.164
  created_at   timestamptz not null default now()
);
create index if not exists idx_livechat_contacts_workspace_phone
  on public.livechat_contacts (workspace_id, phone_number);

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

-- With the rights of the asker: as the owner's, it would show every workspace. A view that was
-- there before may be all that a front end can read, so that changing it is the owner's decision.
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
    raise exception 'the view user_profiles_with_workspace shows every workspace to whoever reads it'
      using hint = 'Let your front ends read user_profiles under a policy, alter the view with set '
        '(security_invoker = true), and migrate again: docs/migrating-from-node.md, "Existing '
        'tables".';
  end if;
end $$;

-- One row per call, whoever handled it.
create table if not exists public.livechat_messages (
  id           uuid primary key default gen_random_uuid(),
  workspace_id text not null,
  contact_id   uuid,
  user_id      uuid, -- who handled the call
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
-- Ours.
-- ---------------------------------------------------------------------------------------------

-- A workspace's Twilio account. `sealed` holds the auth tokens and the key's secret, encrypted
-- with SWITCHROOM_SECRETS_KEY, the workspace id as associated data.
create table if not exists public.voice_workspaces (
  workspace_id text primary key,
  account_sid  text not null,
  api_key_sid  text not null,
  app_sid      text not null,
  sealed       bytea not null,
  policy       jsonb not null default '{}',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

-- Until when its calls were compared with the carrier's own record, and until when a server that is
-- at it may be expected to be done.
alter table public.voice_workspaces
  add column if not exists reconciled_until  timestamptz,
  add column if not exists reconciling_until timestamptz;

-- The numbers of a workspace. The first is the caller id of outbound calls.
create table if not exists public.voice_numbers (
  workspace_id text not null references public.voice_workspaces on delete cascade,
  phone_number text not null, -- E.164
  rank         int  not null,
  primary key (workspace_id, phone_number)
);

-- What we know of an agent beside the profile. No row: their page never reported.
create table if not exists public.voice_agents (
  workspace_id   text not null,
  user_id        uuid not null,
  presence       text check (presence in ('available', 'away', 'offline')), -- by hand; null: never
  presence_since timestamptz,
  idle_since     timestamptz, -- end of the last call
  primary key (workspace_id, user_id)
);

-- Until when the agent's pages count as open, as a lease: servers put it off while a page has a stream
-- of events, so that it runs out by itself when the last page, or its server, is gone. Null: no page of
-- theirs ever had one. And since when the agent is ready again, said by hand; null since the end of
-- their last call, so that work follows every call whatever was said while it lasted.
alter table public.voice_agents
  add column if not exists online_until timestamptz,
  add column if not exists ready_since  timestamptz;

-- Every fact about every call, as it came. The truth: calls and legs are folds of it. Of two with
-- one key the earlier is kept, whichever came first.
create table if not exists public.voice_events (
  workspace_id text not null,
  call_sid     text not null,
  key          text not null, -- equal for a repeated delivery
  at           timestamptz not null,
  fact         jsonb not null,
  params       jsonb, -- the request, parameter by parameter
  stored_at    timestamptz not null default now(),
  primary key (workspace_id, call_sid, key)
);

create table if not exists public.voice_calls (
  workspace_id text not null,
  call_sid     text not null,
  direction    text not null,
  outcome      text not null,
  from_party   text,
  to_party     text,
  contact_id   uuid,
  handled_by   uuid,
  started_at   timestamptz,
  answered_at  timestamptz,
  ended_at     timestamptz,
  end_reason   text,
  refusal      text, -- why an outbound call was not placed
  waves        jsonb not null default '[]', -- who was asked when, and each agent's reason
  primary key (workspace_id, call_sid)
);
create index if not exists idx_voice_calls_log
  on public.voice_calls (workspace_id, started_at desc, call_sid desc);

-- The calls that agents were allowed to place, claimed one by one before they are dialled: limits
-- hold however many arrive at once, and whether or not their callbacks have been applied.
create table if not exists public.voice_dials (
  workspace_id text not null,
  call_sid     text not null,
  user_id      uuid not null,
  dialled_at   timestamptz not null,
  primary key (workspace_id, call_sid)
);
create index if not exists idx_voice_dials_agent
  on public.voice_dials (workspace_id, user_id, dialled_at);
create index if not exists idx_voice_dials_workspace
  on public.voice_dials (workspace_id, dialled_at);

create table if not exists public.voice_legs (
  workspace_id text not null,
  leg_sid      text not null,
  call_sid     text not null,
  user_id      uuid,
  status       text not null,
  end_reason   text,
  initiated_at timestamptz,
  ringing_at   timestamptz,
  answered_at  timestamptz,
  ended_at     timestamptz,
  primary key (workspace_id, leg_sid),
  foreign key (workspace_id, call_sid) references public.voice_calls on delete cascade
);
create index if not exists idx_voice_legs_call on public.voice_legs (workspace_id, call_sid);
-- When an agent's last call ended.
create index if not exists idx_voice_legs_answered
  on public.voice_legs (workspace_id, user_id, ended_at) where answered_at is not null;
-- Who rings or talks now.
create index if not exists idx_voice_legs_live
  on public.voice_legs (workspace_id, user_id) where ended_at is null;

-- The same for the calls of one agent, of each direction, and those that were missed.
create index if not exists idx_voice_calls_agent
  on public.voice_calls (workspace_id, handled_by, started_at desc, call_sid desc)
  where handled_by is not null;
create index if not exists idx_voice_calls_inbound
  on public.voice_calls (workspace_id, started_at desc, call_sid desc) where direction = 'inbound';
create index if not exists idx_voice_calls_outbound
  on public.voice_calls (workspace_id, started_at desc, call_sid desc) where direction = 'outbound';
create index if not exists idx_voice_calls_missed
  on public.voice_calls (workspace_id, started_at desc, call_sid desc)
  where direction = 'inbound' and outcome in ('no_answer', 'caller_hung_up', 'failed');
-- Calls that are not over.
create index if not exists idx_voice_calls_live
  on public.voice_calls (workspace_id, started_at) where ended_at is null;

-- How many changes a workspace has seen. Whoever writes a change takes the next number last of all and
-- holds this row until the commit: numbers become visible in their order and without gaps, so that a
-- reader who has seen one has seen all before it.
create table if not exists public.voice_feeds (
  workspace_id text primary key,
  seq          bigint not null
);

-- The last 1,024 changes of each workspace, as a ring: the change with the number n is in the slot
-- n % 1024. What changed is named, not repeated; readers look it up under their own policies.
create table if not exists public.voice_changes (
  workspace_id text not null,
  slot         int not null,
  seq          bigint not null,
  kind         text not null, -- call | ring | agent
  ref          text not null, -- the call, the leg that stopped ringing, the user
  at           timestamptz not null,
  primary key (workspace_id, slot)
);

-- ---------------------------------------------------------------------------------------------
-- What policies ask.
-- ---------------------------------------------------------------------------------------------

-- The workspace this transaction acts for. After a transaction the setting is '', not null.
create or replace function voice.workspace() returns text language sql stable as
  'select nullif(current_setting(''voice.workspace_id'', true), '''')';

-- The same, if the asking agent takes calls there. plpgsql keeps its plan; SQL would plan anew.
create or replace function voice.member_workspace() returns text
  language plpgsql stable security definer set search_path = '' as $$
begin
  return (select p.workspace_id from public.user_profiles p
    where p.workspace_id = voice.workspace() and p.id = auth.uid()
      and p.workspace_role in ('agent', 'admin'));
end $$;
revoke all on function voice.member_workspace() from public;

-- Whose calls have not been compared with the carrier's record since a moment, or have one that
-- began before another moment and is not over. The one question that no workspace asks: a server
-- that was away does not know whom it serves. It tells ids and nothing else, writes nothing, and
-- what is read or written for each of them goes through the policies. It is granted to the role of
-- webhooks and not to a third one, because whoever may become one of the server's roles may become
-- them all: a third would keep nobody out.
create or replace function voice.workspaces_to_mend(compared_before timestamptz,
    open_before timestamptz) returns setof text
  language plpgsql stable security definer set search_path = '' as $$
begin
  return query select w.workspace_id from public.voice_workspaces w
    where w.reconciled_until is null or w.reconciled_until < compared_before
      or exists (select from public.voice_calls v where v.workspace_id = w.workspace_id
        and v.ended_at is null and (v.started_at is null or v.started_at < open_before))
      or exists (select from public.voice_legs l where l.workspace_id = w.workspace_id
        and l.ended_at is null
        and coalesce(l.initiated_at, l.ringing_at, l.answered_at) < open_before)
    order by w.workspace_id;
end $$;
revoke all on function voice.workspaces_to_mend(timestamptz, timestamptz) from public;
grant usage on schema voice to voice_agent, voice_webhook;
grant execute on function voice.workspace() to voice_agent, voice_webhook;
grant execute on function voice.member_workspace() to voice_agent;
grant execute on function voice.workspaces_to_mend(timestamptz, timestamptz) to voice_webhook;

-- ---------------------------------------------------------------------------------------------
-- Policies, the same for every table with a workspace.
-- ---------------------------------------------------------------------------------------------

do $$
declare
  tenant_table text;
  kind text;
begin
  foreach tenant_table in array array[
    'livechat_contacts', 'livechat_contact_assignments', 'user_profiles', 'livechat_messages',
    'voice_workspaces', 'voice_numbers', 'voice_agents', 'voice_events', 'voice_calls', 'voice_legs',
    'voice_dials', 'voice_feeds', 'voice_changes'
  ] loop
    execute format('alter table public.%I enable row level security, force row level security',
      tenant_table);
    -- Who migrates and adds workspaces, and who owns the table, go on seeing it.
    execute format('drop policy if exists voice_owner on public.%I', tenant_table);
    execute format('create policy voice_owner on public.%I to current_user, %I '
      'using (true) with check (true)', tenant_table, (select pg_get_userbyid(relowner)
        from pg_class where oid = format('public.%I', tenant_table)::regclass));
    foreach kind in array array['permissive', 'restrictive'] loop
      execute format('drop policy if exists voice_agent_%s on public.%I', kind, tenant_table);
      execute format('create policy voice_agent_%s on public.%I as %1$s to voice_agent '
        'using (workspace_id = (select voice.member_workspace())) '
        'with check (workspace_id = (select voice.member_workspace()))', kind, tenant_table);
      execute format('drop policy if exists voice_webhook_%s on public.%I', kind, tenant_table);
      execute format('create policy voice_webhook_%s on public.%I as %1$s to voice_webhook '
        'using (workspace_id = (select voice.workspace())) '
        'with check (workspace_id = (select voice.workspace()))', kind, tenant_table);
    end loop;
  end loop;
end $$;

-- Agents set their own status and nobody else's.
drop policy if exists voice_agent_self_insert on public.voice_agents;
create policy voice_agent_self_insert on public.voice_agents as restrictive for insert
  to voice_agent with check (user_id = (select auth.uid()));
drop policy if exists voice_agent_self_update on public.voice_agents;
create policy voice_agent_self_update on public.voice_agents as restrictive for update
  to voice_agent using (user_id = (select auth.uid()));

-- ---------------------------------------------------------------------------------------------
-- Rights: what each path needs and nothing more. Nobody may TRUNCATE: policies do not cover it.
-- ---------------------------------------------------------------------------------------------

-- Some installations grant every new table to roles of theirs by default: ours are not for them.
do $$
declare
  given record;
begin
  for given in
    select distinct c.relname as table_name, a.grantee
    from pg_class c cross join lateral aclexplode(c.relacl) a
    where c.relnamespace = 'public'::regnamespace and c.relname like 'voice\_%'
      and c.relkind in ('r', 'p') and a.grantee <> c.relowner
  loop
    execute format('revoke all on public.%I from %s', given.table_name,
      case given.grantee when 0 then 'public' else given.grantee::regrole::text end);
  end loop;
end $$;
revoke all on public.livechat_contacts, public.livechat_contact_assignments, public.user_profiles,
  public.livechat_messages from voice_agent, voice_webhook;

grant select on public.livechat_contacts, public.livechat_contact_assignments,
  public.user_profiles, public.voice_workspaces, public.voice_numbers to voice_webhook;
grant update (reconciled_until, reconciling_until) on public.voice_workspaces to voice_webhook;
grant select, insert, update (at, fact, params) on public.voice_events to voice_webhook;
grant select, insert on public.voice_dials to voice_webhook;
grant select, insert, update on public.voice_agents, public.voice_calls, public.voice_legs
  to voice_webhook;
grant select, insert, update (seq) on public.voice_feeds to voice_webhook, voice_agent;
grant select, insert, update (seq, kind, ref, at) on public.voice_changes
  to voice_webhook, voice_agent;
-- Not the id: the primary key of the live chat's tables is the id alone, so whoever may choose one
-- could ask by a duplicate whether another workspace has it. The default chooses it.
grant select,
  insert (workspace_id, contact_id, user_id, sender, body, msg_type, direction, twilio_sid, status,
    created_at),
  update (contact_id, user_id, sender, body, direction, status, created_at)
  on public.livechat_messages to voice_webhook;

grant select on public.livechat_contacts, public.user_profiles, public.voice_agents,
  public.voice_calls, public.voice_legs to voice_agent;
grant insert (workspace_id, user_id, presence, presence_since, online_until, ready_since),
  update (presence, presence_since, online_until, ready_since) on public.voice_agents to voice_agent;
