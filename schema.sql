-- Switchroom: the whole database, from top to bottom.
--
-- `switchroom migrate` applies this file as the owner, in one transaction, under an advisory lock.
-- It can be applied again at any time: what exists is kept, what is missing is made. It holds what is
-- ours. The live chat is somebody else's: we ask it a few questions, and tell it about calls, through
-- the functions of the schema `livechat`, which fit the tables at hand (crates/store-pg/src/livechat).
--
-- `create table if not exists` changes no table that is there. A column that is added to a table later
-- has an `alter table … add column if not exists` behind it, as `voice_legs` shows.
--
-- Rules that hold for every table with a `workspace_id`:
--   * row-level security is on and forced;
--   * each of the roles `voice_agent` and `voice_webhook` has a permissive policy and the same policy as a restrictive one,
--     so that a careless `using (true)` beside them opens nothing;
--   * unique keys and foreign keys start with `workspace_id`, because the checks of keys ignore
--     policies and would show one workspace something about another.

-- ---------------------------------------------------------------------------------------------
-- Roles. `switchroom migrate` makes the server's login role from DATABASE_URL. It has no rights of
-- its own and may become the first two. Nobody logs in as the others, and the server cannot become
-- them: they own the functions of the schema `livechat`, and can do what these do and nothing else.
-- ---------------------------------------------------------------------------------------------

do $$
declare
  working_role text;
begin
  foreach working_role in array array['voice_agent', 'voice_webhook', 'voice_livechat', 'voice_finder']
  loop
    if to_regrole(working_role) is null then
      begin
        execute format('create role %I nologin', working_role);
        execute format('comment on role %I is %L', working_role, case working_role
          when 'voice_agent' then 'Switchroom: a session was checked; acts for one agent'
          when 'voice_finder' then 'Switchroom: finds ids of contacts by the end of their numbers'
          when 'voice_livechat' then 'Switchroom: reads the live chat and writes its log'
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
-- The comment on this schema is the version of this file, the oldest program that works with it, and its
-- SHA-256: `switchroom migrate` writes it, and servers compare it with what they work with.
-- docs/upgrading.md says what a change of this file needs.

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

-- The caller id of outbound calls, E.164: null for the first number. Twilio's region in which the account is
-- kept, and the edge over which it is reached: null for Twilio's default.
alter table public.voice_workspaces
  add column if not exists caller_id text,
  add column if not exists region    text,
  add column if not exists edge      text;

-- Up to which start of a call the requests were removed from its events, and its events were packed.
alter table public.voice_workspaces
  add column if not exists params_until timestamptz,
  add column if not exists packed_until timestamptz;

-- Finds the other workspaces of an account.
create index if not exists idx_voice_workspaces_account on public.voice_workspaces (account_sid);

-- With it the marks of what was erased are made.
alter table public.voice_workspaces
  add column if not exists erasure_salt bytea not null default uuid_send(gen_random_uuid());

-- The numbers of a workspace. The first is the caller id of outbound calls unless there is another.
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

-- An open page says again and again that it can take calls. page_ready_until is a lease too; it runs out when
-- the browser freezes the page. Null: no page of theirs ever said so, and an open one is enough.
-- page_ready_id: the page that has said so last. page_lacks: why it cannot, by its own word.
alter table public.voice_agents
  add column if not exists page_ready_until timestamptz,
  add column if not exists page_ready_id    text,
  add column if not exists page_lacks       text;

-- Every fact about every call, as it came. Calls and legs are folds of these rows. Of two facts with
-- one key the earlier one is kept, whichever arrived first. A fact says nothing that its key and moment
-- say. The first request of a call (`arrived`) is kept as it came, and of each later one what neither the
-- first nor the fact says: an object with what differs, null for what is missing. Of an old call one row is
-- left, `packed`: see voice.pack_calls.
create table if not exists public.voice_events (
  workspace_id text not null,
  call_sid     text not null,
  key          text not null, -- equal for a repeated delivery
  at           timestamptz not null,
  fact         jsonb not null,
  params       jsonb, -- of the request
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

-- What was erased or purged and must not come back: from Twilio's record, from a record that waits in a
-- spool, or from a late callback. A mark is the SHA-256 of the workspace's salt with a call's Sid or a number
-- behind it; the empty mark means every call. Calls that began before the moment, and of which nothing is
-- kept, are not kept again.
create table if not exists public.voice_erased (
  workspace_id text not null,
  mark         bytea not null,
  began_before timestamptz not null,
  marked_at    timestamptz not null default now(),
  primary key (workspace_id, mark)
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

-- An id as the type of somebody else's column. What is no id of that type is null, which no row has.
create or replace function voice.as_uuid(id text) returns uuid language sql immutable
  return case when id ~ '^[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}$' then id::uuid end;
create or replace function voice.as_bigint(id text) returns bigint language sql immutable
  return case when id ~ '^(0|-?[1-9][0-9]{0,17})$' then id::bigint end;

-- The digits of a number as people write it. An extension or another remark behind it, the domain of an
-- address and the 0 in brackets are no part of it.
create or replace function voice.digits(number text) returns text language sql immutable
  return regexp_replace(translate(regexp_replace(regexp_replace(number,
      '([[:digit:]].*?)[;,#@A-Za-zÀ-ԯぁ-ヺ一-鿿가-힣].*$', '\1'), '[(]0[)]', '', 'g'),
    '０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९',
    '0123456789012345678901234567890123456789'), '[^0-9]', '', 'g');

-- The last eight of them, all if there are fewer, null if there are none. Contacts are found by this, and
-- `dialling` decides which of them have the number.
create or replace function voice.tail(number text) returns text language sql immutable
  return nullif(right(voice.digits(number), 8), '');

-- How near a number comes to others with the same last digits: the more digits of an ending it has, the
-- nearer, and the nearest is one that has at most a trunk prefix more. Where too many contacts have the last
-- digits, those that are nearest are read.
create or replace function voice.nearness(number text, endings text[]) returns integer
  language plpgsql immutable set search_path = '' as $$
declare
  digits text := voice.digits(number);
begin
  return (select max(2 * length(e) + (length(digits) <= length(e) + 1)::integer)
    from unnest(endings) as e where right(digits, length(e)) = e);
end $$;

-- What a member with this role in the live chat is to us: agent, admin, or null for one who takes no
-- calls. `roles` are the words of the workspace's policy, in lower case; where it names none, they are
-- agent and admin.
create or replace function voice.role_of(roles jsonb, role text) returns text language sql immutable
  return case
    when coalesce(roles -> 'admin', '["admin"]') ? lower(role) then 'admin'
    when coalesce(roles -> 'agent', '["agent"]') ? lower(role) then 'agent' end;

-- Whether a user takes calls in the workspace of this transaction.
create or replace function voice.takes_calls(who uuid) returns boolean
  language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from livechat.member(voice.workspace(), who) m
    where voice.role_of((select w.policy -> 'roles' from public.voice_workspaces w
      where w.workspace_id = voice.workspace()), m.role) is not null);
end $$;
revoke all on function voice.takes_calls(uuid) from public;

-- The same workspace, but only if the asking agent takes calls there. A plpgsql function keeps its
-- plan; a SQL function would be planned every time.
create or replace function voice.member_workspace() returns text
  language plpgsql stable security definer set search_path = '' as $$
begin
  return case when voice.takes_calls(auth.uid()) then voice.workspace() end;
end $$;
revoke all on function voice.member_workspace() from public;

-- At most 1,000 members, those who take calls first, by id. The role of the others is null.
create or replace function voice.members() returns table (user_id uuid, name text, role text)
  language plpgsql stable security definer set search_path = '' as $$
declare
  roles jsonb := (select w.policy -> 'roles' from public.voice_workspaces w
    where w.workspace_id = voice.workspace());
begin
  return query select t.user_id, t.name, t.role from (
      select m.user_id, m.name, voice.role_of(roles, m.role) as role
      from livechat.members(voice.workspace()) m) t
    order by t.role is null, t.user_id limit 1000;
end $$;
revoke all on function voice.members() from public;

-- The same for an agent: nobody, if the asking user takes no calls there.
create or replace function voice.colleagues() returns table (user_id uuid, name text, role text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  if voice.member_workspace() is not null then
    return query select m.user_id, m.name, m.role from voice.members() m;
  end if;
end $$;
revoke all on function voice.colleagues() from public;

-- The names of contacts, for an agent.
create or replace function voice.contact_names(ids uuid[])
  returns table (contact_id uuid, name text)
  language plpgsql stable security definer set search_path = '' as $$
begin
  if ids <> '{}' and voice.member_workspace() is not null then
    return query select c.contact_id, c.name from livechat.contact(voice.workspace(), ids) c;
  end if;
end $$;
revoke all on function voice.contact_names(uuid[]) from public;

-- Whether a call is over: Twilio said so, in a callback or in its record, or two people were connected
-- in it. Then a request is a replay, or Twilio's fallback URL asks again because a step after the Dial
-- failed. In both cases nobody must be rung a second time.
--
-- The end of a Dial does not count, because another wave or the good-bye may follow. A deadline does
-- not count either, because it may be wrong. The agent's own leg of an outbound call has the call's Sid. A call
-- whose events are packed is over for days.
create or replace function voice.call_is_over(call text) returns boolean
  language plpgsql stable set search_path = '' as $$
begin
  return exists (select from public.voice_events e
      where e.workspace_id = voice.workspace() and e.call_sid = call
        and (e.key in ('ended', 'mended:carrier') or e.key = 'packed'))
    or exists (select from public.voice_legs l
      where l.workspace_id = voice.workspace() and l.call_sid = call
        and l.leg_sid <> l.call_sid and l.answered_at is not null);
end $$;

-- Everything that a call asks for, in one statement that is a transaction of its own: the contacts
-- whose number may be the caller's, the 50 nearest and oldest of them, and who is assigned to each. One row
-- for each contact and assigned user, and one without a contact if there is none. `tails` are the last
-- digits of the caller's spellings, and longer endings of them. It enters the scope itself, and the
-- policies of the role that asks hold inside.
create or replace function voice.caller(workspace text, tails text[], call text)
  returns table (contact_id uuid, name text, number text, user_id uuid, call_is_over boolean)
  language plpgsql stable set search_path = '' as $$
declare
  ids uuid[];
begin
  perform set_config('voice.workspace_id', workspace, true);
  return query
    with found as materialized (
      select c.* from livechat.contacts(workspace, tails) c
      order by case when (count(*) over ()) > 50 then voice.nearness(c.number, tails) end desc nulls last,
        c.created_at, c.contact_id limit 50),
    assigned as materialized (
      select a.* from livechat.assigned(workspace, array(select f.contact_id from found f)) a)
    select f.contact_id, f.name, f.number, a.user_id, o.is_over
    from (values (voice.call_is_over(call))) as o (is_over)
    left join found f on true left join assigned a on a.contact_id = f.contact_id
    order by f.created_at, f.contact_id, a.user_id;
end $$;
revoke all on function voice.caller(text, text[], text) from public;

-- Whether a user takes calls in a workspace, in one statement that is a transaction of its own.
create or replace function voice.is_member(workspace text, who uuid) returns boolean
  language plpgsql stable set search_path = '' as $$
begin
  perform set_config('voice.workspace_id', workspace, true),
    set_config('request.jwt.claims', json_build_object('sub', who)::text, true);
  return voice.member_workspace() is not null;
end $$;
revoke all on function voice.is_member(text, uuid) from public;

-- The workspaces whose calls were not compared with the carrier's record since a moment, or that have
-- a call which began before another moment and is not over. Besides busy_elsewhere, this is the
-- only question across workspaces: a server that was away does not know which workspaces it serves. It returns ids and
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

-- Deletes calls with everything that is kept of them, and says how much that was. Calls that somebody else
-- is writing are left.
create or replace function voice.delete_calls(ws text, sids text[])
  returns table (calls bigint, legs bigint, events bigint, dials bigint)
  language plpgsql volatile set search_path = '' as $$
declare
  free text[] := array(select v.call_sid from public.voice_calls v
    where v.workspace_id = ws and v.call_sid = any (sids) order by v.call_sid for update skip locked);
begin
  calls := coalesce(array_length(free, 1), 0);
  delete from public.voice_events e where e.workspace_id = ws and e.call_sid = any (free);
  get diagnostics events = row_count;
  delete from public.voice_dials d where d.workspace_id = ws and d.call_sid = any (free);
  get diagnostics dials = row_count;
  delete from public.voice_legs l where l.workspace_id = ws and l.call_sid = any (free);
  get diagnostics legs = row_count;
  delete from public.voice_calls v where v.workspace_id = ws and v.call_sid = any (free);
  return next;
end $$;
revoke all on function voice.delete_calls(text, text[]) from public;

-- Makes one row of all events of a call, without their requests, and says how many requests were removed. Its
-- key is `packed`, and its fact a text with a line for each event: the key, the moment in microseconds, the
-- fact. An event that comes after all is a row beside it. Postgres compresses rows of 2 kB and more, so a
-- shorter text is filled with spaces to that. Calls that somebody else is writing are left.
create or replace function voice.pack_calls(ws text, sids text[]) returns bigint
  language plpgsql volatile set search_path = '' as $$
declare
  free text[] := array(select v.call_sid from public.voice_calls v
    where v.workspace_id = ws and v.call_sid = any (sids) and not exists (
      select from public.voice_events e
      where e.workspace_id = ws and e.call_sid = v.call_sid and e.key = 'packed')
    order by v.call_sid for update skip locked);
  requests bigint;
begin
  with event as (
    delete from public.voice_events e where e.workspace_id = ws and e.call_sid = any (free)
    returning e.call_sid, e.key, e.at, e.fact, e.params),
  packed as (
    insert into public.voice_events (workspace_id, call_sid, key, at, fact)
    select ws, p.call_sid, 'packed', p.at, to_jsonb(rpad(p.lines, greatest(length(p.lines), 2100)))
    from (select e.call_sid, max(e.at) as at, string_agg(concat_ws(' ', e.key,
        (extract(epoch from e.at) * 1000000)::bigint, e.fact), e'\n' order by e.key) as lines
      from event e group by e.call_sid) p)
  select count(e.params) into requests from event e;
  return requests;
end $$;
revoke all on function voice.pack_calls(text, text[]) from public;

-- Deletes at most so many calls that began before a moment and are over, oldest first, and marks the moment,
-- so that they do not come back. One that is not over after two days never will be.
create or replace function voice.purge(ws text, before timestamptz, most integer)
  returns table (calls bigint, legs bigint, events bigint, dials bigint)
  language plpgsql volatile set search_path = '' as $$
begin
  insert into public.voice_erased as e (workspace_id, mark, began_before) values (ws, '', before)
    on conflict (workspace_id, mark) do update
      set began_before = excluded.began_before, marked_at = excluded.marked_at
      where e.began_before < excluded.began_before;
  return query select d.* from voice.delete_calls(ws, array(
    select v.call_sid from public.voice_calls v
    where v.workspace_id = ws and v.started_at < before
      and (v.ended_at is not null or v.started_at < now() - interval '2 days')
    order by v.started_at limit most)) d;
end $$;
revoke all on function voice.purge(text, timestamptz, integer) from public;

-- A number of days in a workspace's policy, from 1 to 36,500; null for anything else.
create or replace function voice.days(setting jsonb) returns interval language sql immutable
  return case when jsonb_typeof(setting) = 'number' then
    case when (setting #>> '{}')::numeric between 1 and 36500
      then (setting #>> '{}')::float8 * interval '1 day' end end;

-- Deletes what the policy of this workspace does not want kept: a batch of calls that are older than
-- `retention_days`, for ever if there is no such setting, and the requests of a batch of calls that are older
-- than `params_days`, 30 if there is no such setting. The events of these calls are packed, too, once nothing
-- is heard of them any more: callbacks come within hours, and what Twilio's record brings within a week. Old
-- marks go: Twilio keeps its record for 13 months. One server does it at a time. Nobody can ask for more
-- than the policy says.
create or replace function voice.retain(most integer)
  returns table (calls bigint, requests bigint, has_more boolean)
  language plpgsql volatile security definer set search_path = '' as $$
declare
  ws text := voice.workspace();
  keep_calls interval;
  keep_params interval;
  done_until timestamptz;
  packed_until timestamptz;
  last_start timestamptz;
  looked_at bigint;
  packed bigint;
  cleared bigint;
begin
  calls := 0;
  requests := 0;
  has_more := false;
  select voice.days(w.policy -> 'retention_days'),
      coalesce(voice.days(w.policy -> 'params_days'), interval '30 days'),
      coalesce(w.params_until, '-infinity'), coalesce(w.packed_until, '-infinity')
    into keep_calls, keep_params, done_until, packed_until
    from public.voice_workspaces w where w.workspace_id = ws;
  if not found or not pg_try_advisory_xact_lock(hashtextextended('retain ' || ws, 0)) then
    return next;
    return;
  end if;
  delete from public.voice_erased e where e.workspace_id = ws and e.mark <> ''
    and e.marked_at < now() - interval '400 days';
  if keep_calls is not null then
    select p.calls into calls from voice.purge(ws, now() - keep_calls, most) p;
  end if;
  select max(v.started_at), count(*) into last_start, packed from (
    select o.started_at from public.voice_calls o
    where o.workspace_id = ws and o.started_at > packed_until
      and o.started_at < now() - greatest(keep_params, interval '8 days')
    order by o.started_at limit most) v;
  if last_start is not null then
    requests := voice.pack_calls(ws, array(select v.call_sid from public.voice_calls v
      where v.workspace_id = ws and v.started_at > packed_until and v.started_at <= last_start));
    update public.voice_workspaces w set packed_until = last_start where w.workspace_id = ws;
  end if;
  select max(v.started_at), count(*) into last_start, looked_at from (
    select o.started_at from public.voice_calls o
    where o.workspace_id = ws and o.started_at > done_until
      and o.started_at < now() - keep_params
    order by o.started_at limit most) v;
  if last_start is not null then
    update public.voice_events e set params = null
      from public.voice_calls v
      where v.workspace_id = ws and v.started_at > done_until and v.started_at <= last_start
        and e.workspace_id = ws and e.call_sid = v.call_sid and e.params is not null;
    get diagnostics cleared = row_count;
    requests := requests + cleared;
    update public.voice_workspaces w set params_until = last_start where w.workspace_id = ws;
  end if;
  has_more := calls = most or packed = most or looked_at = most;
  return next;
end $$;
revoke all on function voice.retain(integer) from public;

-- The members of this workspace who are on a call, or place one, in another workspace of the same Twilio
-- account: their browser is the same one, and drops a second call. That they are busy is all that crosses,
-- and only of those who take calls in both.
create or replace function voice.busy_elsewhere(since timestamptz) returns setof uuid
  language plpgsql stable security definer set search_path = '' as $$
declare
  siblings text[] := array(select w.workspace_id from public.voice_workspaces w
    where w.workspace_id <> voice.workspace() and w.account_sid = (select o.account_sid
      from public.voice_workspaces o where o.workspace_id = voice.workspace()));
begin
  if siblings = '{}' then
    return;
  end if;
  return query select b.user_id from (
      select l.user_id from public.voice_legs l
        where l.workspace_id = any (siblings) and l.user_id is not null
          and l.ended_at is null and l.answered_at > since
      union
      select d.user_id from public.voice_dials d left join public.voice_calls v
          on v.workspace_id = d.workspace_id and v.call_sid = d.call_sid
        where d.workspace_id = any (siblings) and d.dialled_at > since and v.ended_at is null) b
    where voice.takes_calls(b.user_id);
end $$;
revoke all on function voice.busy_elsewhere(timestamptz) from public;

-- Tells servers that members of the other workspaces of this account may be busy or free now. It writes
-- nothing, and the others learn nothing but that.
create or replace function voice.tell_siblings() returns void
  language plpgsql volatile security definer set search_path = '' as $$
begin
  perform pg_notify('voice_changes', w.workspace_id || ' agents') from public.voice_workspaces w
    where w.workspace_id <> voice.workspace() and w.account_sid = (select o.account_sid
      from public.voice_workspaces o where o.workspace_id = voice.workspace());
end $$;
revoke all on function voice.tell_siblings() from public;

grant usage on schema voice to voice_agent, voice_webhook;
grant usage on schema voice to voice_livechat, voice_finder;
grant execute on function voice.workspace(), voice.as_uuid(text), voice.as_bigint(text),
  voice.digits(text), voice.tail(text), voice.nearness(text, text[]), voice.role_of(jsonb, text)
  to voice_agent, voice_webhook, voice_livechat, voice_finder;
grant execute on function voice.members(), voice.takes_calls(uuid), voice.call_is_over(text),
  voice.caller(text, text[], text), voice.busy_elsewhere(timestamptz), voice.tell_siblings(),
  voice.retain(integer) to voice_webhook;
grant execute on function voice.colleagues(), voice.contact_names(uuid[]),
  voice.is_member(text, uuid) to voice_agent;
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
    'voice_workspaces', 'voice_numbers', 'voice_agents', 'voice_events', 'voice_calls', 'voice_legs',
    'voice_dials', 'voice_feeds', 'voice_changes', 'voice_erased'
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
grant select on public.voice_workspaces, public.voice_numbers, public.voice_erased to voice_webhook;
grant update (reconciled_until, reconciling_until) on public.voice_workspaces to voice_webhook;
grant select, insert, update (at, fact, params) on public.voice_events to voice_webhook;
grant select, insert on public.voice_dials to voice_webhook;
grant select, insert, update on public.voice_agents, public.voice_calls, public.voice_legs
  to voice_webhook;
grant select, insert, update (seq) on public.voice_feeds to voice_webhook, voice_agent;
grant select, insert, update (seq, kind, ref, at) on public.voice_changes
  to voice_webhook, voice_agent;
grant select on public.voice_agents, public.voice_calls, public.voice_legs to voice_agent;
grant insert (workspace_id, user_id, presence, presence_since, online_until, ready_since, page_ready_until,
    page_ready_id, page_lacks),
  update (presence, presence_since, online_until, ready_since, page_ready_until, page_ready_id, page_lacks)
  on public.voice_agents to voice_agent;
