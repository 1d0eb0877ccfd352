-- Asks the functions of the live chat for what other workspaces have, and tells what is shown or written.
--
-- A probe takes on a role, a workspace and claims, asks one question, goes back and looks. It is undone in
-- any case.

create schema probe;

-- `allowed` is the workspace whose rows may be shown.
create table probe.context (name text, role text, workspace text, sub text, allowed text);
-- The workspaces, what nobody else has, and whose rows are in the log.
create table probe.mark (workspace text, pattern text, is_logged boolean);
-- What is asked, by which function, about which workspace.
create table probe.question (id int generated always as identity, function text, ws text, sql text);

create type probe.result as (probes int, refused int, leaks text[]);

-- Asks what these functions are asked. `log` is the table of the live chat's log.
create function probe.ask(functions text[], log text) returns probe.result
language plpgsql as $$
declare
  result probe.result := (0, 0, '{}');
  c probe.context;
  q probe.question;
  rows text := format('select coalesce(array_agg(to_jsonb(t)::text), ''{}'') from %s t', log);
  before text[];
  after text[];
  seen text;
begin
  execute rows into before;
  for q in select * from probe.question where function = any (functions) order by id loop
    for c in select * from probe.context loop
      result.probes := result.probes + 1;
      begin
        perform set_config('request.jwt.claims',
          case when c.sub is null then '' else json_build_object('sub', c.sub)::text end, true),
          set_config('voice.workspace_id', coalesce(c.workspace, ''), true),
          set_config('role', c.role, true);
        execute format('select coalesce(string_agg(t::text, '' ''), '''') from %s t', q.sql) into seen;
        perform set_config('role', 'none', true);
        execute rows into after;
        if exists (select from probe.mark m
            where m.workspace is distinct from c.allowed and seen ~ m.pattern)
          or not before <@ after and not exists (select from probe.mark m
            where m.workspace = c.allowed and m.is_logged)
          or q.ws is distinct from c.allowed and not after <@ before then
          result.leaks := result.leaks || concat_ws(' ', c.name || ':', q.sql);
        end if;
        raise exception 'undone' using errcode = 'UNDO1';
      exception
        when sqlstate 'UNDO1' then null;
        when insufficient_privilege then result.refused := result.refused + 1;
        -- The live chat does not have the workspace of the transaction.
        when foreign_key_violation then null;
      end;
    end loop;
  end loop;
  return result;
end $$;
