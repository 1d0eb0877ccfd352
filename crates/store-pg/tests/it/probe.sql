-- Tries what no role may do, and tells which of it went through.
--
-- A probe takes on a role, a workspace and claims, runs one statement, goes back and looks at the
-- rows of every other workspace with a superuser's eyes. It is undone in any case.

create schema probe;

create table probe.context (name text, role text, workspace text, sub text, allowed text);

-- What makes a copy of a row another row.
create table probe.fresh (relation text, keys jsonb);
insert into probe.fresh values
  ('livechat_contacts', '{"id": "f0000000-0000-4000-8000-000000000000"}'),
  ('livechat_contact_assignments', '{"id": "f0000000-0000-4000-8000-000000000000"}'),
  ('user_profiles', '{"id": "f0000000-0000-4000-8000-000000000000"}'),
  ('livechat_messages', '{"id": "f0000000-0000-4000-8000-000000000000", "twilio_sid": "CAf"}'),
  ('voice_workspaces', '{"workspace_id": "ws_new"}'),
  ('voice_numbers', '{"phone_number": "+1999"}'),
  ('voice_agents', '{"user_id": "f0000000-0000-4000-8000-000000000000"}'),
  ('voice_events', '{"key": "fresh"}'),
  ('voice_calls', '{"call_sid": "CAf"}'),
  ('voice_legs', '{"leg_sid": "CAf"}'),
  ('voice_dials', '{"call_sid": "CAf"}'),
  ('voice_feeds', '{"workspace_id": "ws_new"}'),
  ('voice_changes', '{"slot": 9}'),
  ('voice_erased', '{"mark": "\\x09"}');

create type probe.result as (probes int, refused int, leaks text[]);

-- Probes some tables for every context; `foreign_workspace` is the one that is attacked.
create function probe.run(relations text[], foreign_workspace text) returns probe.result
language plpgsql as $$
declare
  result probe.result := (0, 0, '{}');
  c probe.context;
  target text;
  kind text;
  statement text;
  foreign_row jsonb;
  digest text;
  before text;
  after text;
  n bigint;
begin
  foreach target in array relations loop
    execute format('select to_jsonb(t) from public.%I t where workspace_id = %L limit 1', target,
      foreign_workspace) into strict foreign_row;
    select foreign_row || f.keys into strict foreign_row from probe.fresh f
      where f.relation = target;
    for c in select * from probe.context loop
      digest := format('select md5(coalesce(string_agg(t::text, '','' order by t::text), '''')) '
        'from public.%I t where t.workspace_id is distinct from %L', target, c.allowed);
      execute digest into before;
      foreach kind in array array['read', 'insert', 'move', 'update', 'delete', 'replace'] loop
        statement := case kind
          when 'read' then format('select from public.%I where workspace_id is distinct from %L',
            target, c.allowed)
          when 'insert' then format('insert into public.%I '
            'select (jsonb_populate_record(null::public.%1$I, %L)).*', target, foreign_row)
          when 'move' then format('update public.%I set workspace_id = %L', target,
            case when target in ('voice_workspaces', 'voice_feeds') then 'ws_moved' else foreign_workspace end)
          when 'update' then format('update public.%I set workspace_id = workspace_id || '''' '
            'where workspace_id is distinct from %L', target, c.allowed)
          when 'delete' then format('delete from public.%I where workspace_id is distinct from %L',
            target, c.allowed)
          else format('insert into public.%I '
            'select (jsonb_populate_record(null::public.%1$I, to_jsonb(t))).* from public.%1$I t '
            'where workspace_id is distinct from %L on conflict do nothing', target, c.allowed)
        end;
        result.probes := result.probes + 1;
        begin
          n := 0;
          perform set_config('request.jwt.claims',
            case when c.sub is null then '' else json_build_object('sub', c.sub)::text end, true),
            set_config('voice.workspace_id', coalesce(c.workspace, ''), true),
            set_config('role', c.role, true);
          execute statement;
          get diagnostics n = row_count;
          perform set_config('role', 'none', true);
          execute digest into after;
          if n > 0 and kind <> 'move' or before <> after then
            result.leaks := result.leaks || concat_ws(' ', c.name, kind, target);
          end if;
          raise exception 'undone' using errcode = 'UNDO1';
        exception
          when sqlstate 'UNDO1' then null;
          when insufficient_privilege then result.refused := result.refused + 1;
          -- Policies come first: who gets as far as a key learns that the row is there.
          when unique_violation then
            result.leaks := result.leaks || concat_ws(' ', c.name, kind, target, 'key');
        end;
        execute digest into after;
        assert before = after, 'the probe was not undone';
      end loop;
    end loop;
  end loop;
  return result;
end $$;
