-- Switchroom: the whole database, from top to bottom.
--
-- `switchroom migrate` applies this file as the owner, in one transaction, under an advisory lock.
-- It can be applied again at any time: what exists is kept, what is missing is made. The live
-- chat's own tables keep their names, columns and rows. Where they exist, only the columns, indexes
-- and policies that are named here are added.
--
-- `create table if not exists` changes no table that is there. A column that is added to a table later
-- has an `alter table … add column if not exists` behind it, as `voice_legs` shows.
--
-- Rules that hold for every table with a `workspace_id`:
--   * row-level security is on and forced;
--   * each of the two working roles has a permissive policy and the same policy as a restrictive one,
--     so that a careless `using (true)` beside them opens nothing;
--   * unique keys and foreign keys start with `workspace_id`, because the checks of keys ignore
--     policies and would show one workspace something about another.

-- ---------------------------------------------------------------------------------------------
-- Roles. `switchroom migrate` makes the server's login role from DATABASE_URL. It has no rights of
-- its own and may become these two.
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
-- The user who asks. Supabase brings auth.uid(); elsewhere it is made in the same way.
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

-- Until when its calls were compared with the carrier's own record, and until when a server has the
-- lease to compare them.
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

-- What is known about an agent besides the profile. No row: their page never reported.
create table if not exists public.voice_agents (
  workspace_id   text not null,
  user_id        uuid not null,
  presence       text check (presence in ('available', 'away', 'offline')), -- by hand; null: never
  presence_since timestamptz,
  idle_since     timestamptz, -- end of the last call
  primary key (workspace_id, user_id)
);

-- online_until is a lease: until when the agent's pages count as open. Servers extend it while a page
-- has a stream of events, so it runs out by itself when the last page, or its server, is gone. Null: no
-- page of theirs ever had a stream. ready_since: the agent said by hand that they are ready again. The
-- end of a call sets it to null, so that wrap-up follows every call, whatever was said during it.
alter table public.voice_agents
  add column if not exists online_until timestamptz,
  add column if not exists ready_since  timestamptz;

-- Every fact about every call, as it came. Calls and legs are folds of these rows. Of two facts with
-- one key the earlier one is kept, whichever arrived first.
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
  waves        jsonb not null default '[]', -- each wave, and the reason for each agent
  primary key (workspace_id, call_sid)
);
create index if not exists idx_voice_calls_log
  on public.voice_calls (workspace_id, started_at desc, call_sid desc);

-- The calls that agents were allowed to place, claimed one by one before they are dialled. So limits
-- hold for any number of calls at once, whether or not their callbacks have been applied.
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
-- The wave in which it rang, and the SIP response with which it ended, where they are known.
alter table public.voice_legs
  add column if not exists wave         int,
  add column if not exists sip_response int;
create index if not exists idx_voice_legs_call on public.voice_legs (workspace_id, call_sid);
-- Finds the end of an agent's last call.
create index if not exists idx_voice_legs_answered
  on public.voice_legs (workspace_id, user_id, ended_at) where answered_at is not null;
-- Finds the legs that ring or talk now.
create index if not exists idx_voice_legs_live
  on public.voice_legs (workspace_id, user_id) where ended_at is null;

-- The log with a filter: the calls of one agent, of each direction, and the missed calls.
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

-- The number of changes in a workspace. A transaction that writes a change takes the next number as
-- its last step and holds this row until the commit. So numbers become visible in order and without
-- gaps, and a reader who has seen one has seen all before it.
create table if not exists public.voice_feeds (
  workspace_id text primary key,
  seq          bigint not null
);

-- The last 1,024 changes of each workspace, as a ring buffer: the change with the number n is in the
-- slot n % 1024. A row names what changed; readers look it up under their own policies.
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
-- The functions that policies use.
-- ---------------------------------------------------------------------------------------------

-- They must mean the same whatever the `search_path` of a session is, or a schema before pg_catalog
-- could replace what they ask. A SQL function whose body is not a text is resolved when it is made; a
-- plpgsql function has a search_path of its own. All are stable: their answer holds for a statement,
-- and they change nothing. The guard looks for this.

-- The workspace this transaction acts for. After a transaction the setting is '', not null.
create or replace function voice.workspace() returns text language sql stable
  return nullif(pg_catalog.current_setting('voice.workspace_id', true), '');

-- The user who asks. auth.uid() may be somebody else's, without a search_path of its own.
create or replace function voice.asker() returns uuid
  language plpgsql stable set search_path = '' as $$
begin
  return auth.uid();
end $$;
revoke all on function voice.asker() from public;

-- The same workspace, but only if the asking agent takes calls there. A plpgsql function keeps its
-- plan; a SQL function would be planned every time.
create or replace function voice.member_workspace() returns text
  language plpgsql stable security definer set search_path = '' as $$
begin
  return (select p.workspace_id from public.user_profiles p
    where p.workspace_id = voice.workspace() and p.id = auth.uid()
      and p.workspace_role in ('agent', 'admin'));
end $$;
revoke all on function voice.member_workspace() from public;

-- The workspaces whose calls were not compared with the carrier's record since a moment, or that have
-- a call which began before another moment and is not over. This is the only question across
-- workspaces: a server that was away does not know which workspaces it serves. It returns ids and
-- nothing else, and writes nothing. All further reads and writes go through the policies. It is
-- granted to the role of webhooks and not to a third role: a login that may become one of the
-- server's roles may become all of them, so a third role would keep nobody out.
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
grant execute on function voice.asker() to voice_agent;
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
    -- The owner of the table, and the role that migrates and adds workspaces, still see all rows.
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
  to voice_agent with check (user_id = (select voice.asker()));
drop policy if exists voice_agent_self_update on public.voice_agents;
create policy voice_agent_self_update on public.voice_agents as restrictive for update
  to voice_agent using (user_id = (select voice.asker()));

-- ---------------------------------------------------------------------------------------------
-- Rights: only those that each path needs. Nobody may TRUNCATE, because policies do not cover it.
-- ---------------------------------------------------------------------------------------------

-- Some installations grant every new table to their own roles by default. Our tables are not for them.
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
-- No right to the id: the primary key of the live chat's tables is the id alone, so a role that could
-- choose an id could find out by a duplicate whether another workspace has it. The default chooses it.
grant select,
  insert (workspace_id, contact_id, user_id, sender, body, msg_type, direction, twilio_sid, status,
    created_at),
  update (contact_id, user_id, sender, body, direction, status, created_at)
  on public.livechat_messages to voice_webhook;

grant select on public.livechat_contacts, public.user_profiles, public.voice_agents,
  public.voice_calls, public.voice_legs to voice_agent;
grant insert (workspace_id, user_id, presence, presence_since, online_until, ready_since),
  update (presence, presence_since, online_until, ready_since) on public.voice_agents to voice_agent;
