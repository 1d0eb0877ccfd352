//! Everything that the server's roles can reach, and by which rows of a workspace come without the
//! policies of their table.
//!
//! What leads to a tenant's table is found by what it depends on: views and materialised views by
//! their rules, functions by their dependencies, or by the names in their bodies where a body has
//! none. What depends on no tenant's table shows nothing of one, wherever it stands.

use super::Check;
use super::checks::PROTECTED;
use crate::tables::{FUNCTIONS, QUESTIONS};
use crate::text::{join, quoted};

/// The roles that the server can become, itself included. The rights of PUBLIC are theirs too. A
/// superuser can become all; that is a fault of its own.
const ROLES: &str = "\
with recursive roles as ( \
  select r.oid from pg_roles r \
  where pg_has_role(current_user, r.oid, 'MEMBER') and not r.rolsuper \
    and (r.rolname in ('voice_agent', 'voice_webhook') \
      or not (select u.rolsuper from pg_roles u where u.rolname = current_user))), \
spaces as ( \
  select n.oid, case n.nspname when 'public' then '' else n.nspname || '.' end as prefix, \
    exists (select from roles r where has_schema_privilege(r.oid, n.oid, 'USAGE')) as is_usable \
  from pg_namespace n \
  where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_t%'), \
relations as ( \
  select c.*, s.prefix || c.relname as shown, s.is_usable and exists (select from roles r \
      where has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE') \
        or has_table_privilege(r.oid, c.oid, 'DELETE')) as is_reachable \
  from pg_class c join spaces s on s.oid = c.relnamespace \
  where c.relkind in ('r', 'p', 'v', 'm', 'f')), \
own as ( \
  select c.oid from pg_class c \
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname in (";

/// The tables with a workspace, and what stands on them. Bodies are read only of functions that the
/// server's roles may call with the rights of others, and of those on which something stands.
const GRAPH: &str = "\
)), \
tenants as ( \
  select c.* from relations c \
  where c.relkind in ('r', 'p', 'f') and (c.oid in (select oid from own) \
    or exists (select from pg_attribute a \
      where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped))), \
parts as ( \
  select i.inhrelid as oid from pg_inherits i \
  where i.inhparent in (select oid from own) \
    or has_any_column_privilege(to_regrole('voice_livechat'), i.inhparent, 'SELECT') \
  union \
  select i.inhrelid from pg_inherits i join parts p on p.oid = i.inhparent), \
functions as ( \
  select p.oid, s.prefix || p.proname as shown, p.proowner, p.prosecdef, p.prorettype, p.proname, \
    n.nspname in ('voice', 'livechat') as is_ours, \
    s.is_usable and exists (select from roles r \
      where has_function_privilege(r.oid, p.oid, 'EXECUTE')) as is_reachable, \
    lower(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)) as body \
  from pg_proc p join spaces s on s.oid = p.pronamespace \
    join pg_namespace n on n.oid = p.pronamespace \
  where p.prokind in ('f', 'p') and not exists (select from pg_depend d \
      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')), \
edges as ( \
  select 'pg_class'::regclass as kind, r.ev_class as oid, d.refclassid as to_kind, \
    d.refobjid as to_oid \
  from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid \
  join pg_class c on c.oid = r.ev_class \
  where (d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class) \
    or (d.refclassid = 'pg_proc'::regclass and c.relkind = 'm') \
  union \
  select d.classid, d.objid, d.refclassid, d.refobjid from pg_depend d \
  where d.classid = 'pg_proc'::regclass \
    and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass) and d.deptype = 'n' \
  union \
  select 'pg_proc'::regclass, f.oid, 'pg_class'::regclass, c.oid \
  from functions f join relations c \
    on (c.relkind in ('v', 'm') or c.oid in (select oid from tenants)) \
      and strpos(f.body, lower(c.relname)) > 0 \
      and (f.prosecdef and f.is_reachable or exists (select from pg_depend d \
        where d.refclassid = 'pg_proc'::regclass and d.refobjid = f.oid \
          and d.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass))) \
      and f.body ~ ('\\m' || regexp_replace(lower(c.relname), '(\\W)', '\\\\\\1', 'g') || '\\M')), \
reaching as ( \
  select 'pg_class'::regclass as kind, oid from tenants \
  union \
  select e.kind, e.oid from edges e join reaching t on t.kind = e.to_kind and t.oid = e.to_oid), \
asking as ( \
  select f.oid, f.proname from functions f \
  where not f.is_ours \
    and f.body ~ '\\m(auth\\s*\\.|current_setting\\M|session_user\\M|voice\\s*\\.)' \
  union \
  select f.oid, f.proname from functions f join asking a \
    on f.prosecdef and f.is_reachable and not f.is_ours and f.oid <> a.oid \
      and strpos(f.body, lower(a.proname)) > 0 \
      and f.body ~ ('\\m' || regexp_replace(lower(a.proname), '(\\W)', '\\\\\\1', 'g') || '\\s*\\(')), \
definers as ( \
  select f.*, t.oid is not null \
      and f.prorettype not in ('void'::regtype, 'boolean'::regtype) \
      and f.oid not in (select oid from asking) \
      and f.body !~ '\\m(auth\\s*\\.|current_setting\\M|session_user\\M|voice\\s*\\.)' as is_leak, \
    (select string_agg(quote_ident(r.rolname), ', ' order by r.rolname) from pg_roles r \
      where r.rolname in ('anon', 'authenticated', 'service_role')) as front_ends \
  from functions f left join reaching t on t.kind = 'pg_proc'::regclass and t.oid = f.oid \
  where f.prosecdef and f.is_reachable \
    and f.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype) \
    and f.oid not in (select p.oid from pg_proc p \
      where p.pronamespace = to_regnamespace('livechat') \
          and p.proname in (";

/// Those of the live chat have checks of their own, whoever wrote them.
const VOICE: &str = "\
) or p.pronamespace = to_regnamespace('voice') and p.proname in (";

/// Whoever asks another function that asks who calls, asks too. A definer function whose owner reads no tenant's table shows nothing of one.
const END: &str = ")) \
    and exists (select from tenants t \
      where has_any_column_privilege(f.proowner, t.oid, 'SELECT'))) ";

const WORLD: &str =
    join!(ROLES, PROTECTED, GRAPH, quoted!(&QUESTIONS), VOICE, quoted!(&FUNCTIONS), END);

pub(super) const CHECKS: &[Check] = &[
    Check {
        sql: join!(
            WORLD,
            "select case when c.relkind = 'f' then 'no policies can guard the foreign table ' \
                 else 'row-level security is not forced on ' end || c.shown, true \
             from tenants c \
             where c.is_reachable and not c.relrowsecurity and c.oid not in (select oid from own) \
             order by c.shown",
        ),
        fix: "revoke the rights on it from the server's role, voice_agent, voice_webhook and PUBLIC",
    },
    Check {
        sql: join!(
            WORLD,
            "select 'the table ' || c.shown || ' is a part of another one, whose policies do not hold \
                 for it', true \
             from relations c join parts p on p.oid = c.oid \
             where c.is_reachable and exists (select from pg_policy q \
               where q.polrelid = c.oid and q.polpermissive \
                 and (0 = any (q.polroles) or q.polroles && array(select oid from roles))) \
             order by c.shown",
        ),
        fix: "revoke the rights on it from the server's role, voice_agent, voice_webhook and PUBLIC",
    },
    Check {
        sql: join!(
            WORLD,
            "select case c.relkind when 'v' then 'the view ' || c.shown || ' runs with its owner''s rights' \
                 when 'm' then 'the materialised view ' || c.shown || ' keeps rows without policies' \
                 else 'the table ' || c.shown || ' has a rule that runs with its owner''s rights' end, \
               true \
             from relations c \
             where c.oid in (select oid from reaching where kind = 'pg_class'::regclass) \
               and c.is_reachable \
               and c.oid not in (select oid from tenants) \
               and not (c.relkind = 'v' \
                 and coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', \
                   'security_invoker=1', 'security_invoker=yes'], false)) \
             order by c.shown",
        ),
        fix: "alter a view with `set (security_invoker = true)`, or revoke the rights on it from the \
              server's role, voice_agent, voice_webhook and PUBLIC",
    },
    Check {
        sql: join!(
            WORLD,
            "select 'the function ' || f.shown || ' returns what its owner reads in tables of workspaces, \
                 and does not ask who calls it', true, \
               format('as its owner: revoke execute on function %1$s from public, voice_agent, \
                 voice_webhook; grant execute on function %1$s to %2$s', f.oid::regprocedure, \
                 coalesce(f.front_ends, '<the roles of your front ends>')) \
             from definers f where f.is_leak order by f.shown, f.oid",
        ),
        fix: "revoke execute on it from public",
    },
];

/// What only a person can tell.
pub(super) const WARNINGS: &[Check] = &[
    Check {
        sql: join!(
            WORLD,
            "select count(*) || ' functions can be called by the server''s roles and run with the rights \
                 of owners who read tables of workspaces: ' || string_agg(f.shown, ', ' order by f.shown) \
             from definers f where not f.is_leak having count(*) > 0",
        ),
        fix: "see that each returns only what its caller may see; `revoke execute … from public` takes \
              them from the server",
    },
    Check {
        sql: join!(
            WORLD,
            "select distinct 'a search_path that is set for ' \
                 || case d.setrole when 0 then 'the database' else d.setrole::regrole::text end \
                 || ' names other schemas before pg_catalog' \
             from pg_db_role_setting d cross join unnest(d.setconfig) as s (setting) \
             where (d.setrole = 0 or d.setrole in (select oid from roles)) \
               and d.setdatabase in (0, (select oid from pg_database where datname = current_database())) \
               and s.setting ~ '^search_path=.*\\mpg_catalog\\M' \
               and s.setting !~ '^search_path=\"?pg_catalog\\M' \
             order by 1",
        ),
        fix: "take pg_catalog out of it: it comes first by itself. Switchroom's own sessions put it first",
    },
];
