//! Roles, tables, policies and functions, as the schema leaves them.

use super::Check;
use crate::livechat::GENERATOR;
use crate::tables::{CHANGING, CONSTANT, DEFINERS, FUNCTIONS, OURS, QUESTIONS};
use crate::text::{join, quoted};

/// A leak is what shows rows of one workspace to another by itself. Everything else is not as the
/// schema leaves it: a server does not start on that, and one that runs goes on.
pub(super) const CHECKS: &[Check] = &[
    Check {
        sql: "select 'the role ' || r.rolname || ', which the server can become, ' || \
           case when r.rolsuper then 'is a superuser' else 'bypasses row-level security' end, true \
         from pg_roles r \
         where (r.rolsuper or r.rolbypassrls) and pg_has_role(current_user, r.oid, 'MEMBER')",
        fix: "let DATABASE_URL name a role of its own; `switchroom migrate` makes it",
    },
    Check {
        sql: "select 'the server owns ' || string_agg(c.relname, ', ' order by c.relname), true \
         from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname in ('public', 'voice') and c.relkind not in ('i', 'I') \
           and pg_has_role(current_user, c.relowner, 'MEMBER') \
         having count(*) > 0",
        fix: "migrate as another role than the one in DATABASE_URL",
    },
    Check {
        sql: "select 'the server cannot become the role ' || r.rolname, false \
         from (values ('voice_agent'), ('voice_webhook')) as r (rolname) \
         where not coalesce(pg_has_role(current_user, to_regrole(r.rolname), 'MEMBER'), false)",
        fix: "run `switchroom migrate` with DATABASE_URL set to the server's own role",
    },
    Check {
        sql: "select 'the server has the rights of ' || r.rolname || ' without becoming it', false \
         from (values ('voice_agent'), ('voice_webhook')) as r (rolname) \
         where pg_has_role(current_user, to_regrole(r.rolname), 'USAGE')",
        fix: "make the server's role NOINHERIT, revoke its memberships and run `switchroom migrate`",
    },
    Check {
        sql: join!(
            "select 'row-level security is not forced on ' || c.relname, not c.relrowsecurity \
             from pg_class c \
             where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity) \
               and c.relnamespace = 'public'::regnamespace and c.relname in (",
            PROTECTED,
            ") order by c.relname",
        ),
        fix: "run `switchroom migrate`",
    },
    Check {
        sql: "select distinct 'the table ' || c.relname || ' may be truncated by ' || r.rolname, false \
         from pg_class c, pg_roles r \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
           and r.rolname in (current_user, 'voice_agent', 'voice_webhook') \
           and has_table_privilege(r.oid, c.oid, 'TRUNCATE') \
           and not pg_has_role(r.oid, c.relowner, 'MEMBER')",
        fix: "revoke truncate on the table: policies do not cover it",
    },
    Check {
        // One policy alone opens nothing; a permissive one of somebody else beside it does.
        sql: join!(
            "with rule as ( \
               select c.relname, r.rolname, '(workspace_id = ( SELECT voice.' || r.function || '()%' \
                 as text \
               from pg_class c \
               cross join (values ('voice_agent', 'member_workspace'), ('voice_webhook', 'workspace')) \
                 as r (rolname, function) \
               where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
                 and c.relname in (",
            PROTECTED,
            ")), policy as ( \
               select q.*, u.text from pg_policies q join rule u \
                 on q.schemaname = 'public' and q.tablename = u.relname and q.cmd = 'ALL' \
                   and q.roles = array[u.rolname]::name[] \
                   and q.qual like u.text and q.with_check = q.qual) \
             select 'the table ' || u.relname || ' lacks the restrictive policy of ' || u.rolname, \
               exists (select from pg_policies q \
                 where q.schemaname = 'public' and q.tablename = u.relname \
                   and q.permissive = 'PERMISSIVE' and q.roles && array['public', u.rolname]::name[] \
                   and not exists (select from policy p \
                     where p.tablename = q.tablename and p.policyname = q.policyname)) \
             from rule u \
             where not exists (select from policy p \
               where p.tablename = u.relname and p.text = u.text and p.permissive = 'RESTRICTIVE') \
             order by u.relname, u.rolname",
        ),
        fix: "run `switchroom migrate`",
    },
    Check {
        sql: join!(
            "select 'the function voice.' || p.proname || ' is not as the schema makes it', true \
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace \
             where n.nspname = 'voice' and p.proname in (",
            quoted!(&FUNCTIONS),
            ") and not (p.provolatile = case when p.proname in (",
            quoted!(&CONSTANT),
            ") then 'i' when p.proname in (",
            quoted!(&CHANGING),
            ") then 'v' else 's' end and p.prosecdef = (p.proname in (",
            quoted!(&DEFINERS),
            ")) and coalesce('search_path=\"\"' = any (p.proconfig), p.prosqlbody is not null)) \
             order by p.proname",
        ),
        fix: "run `switchroom migrate`",
    },
    Check {
        // With the rights of anybody else, one of them could read every workspace. One that the owner of
        // the database wrote has the owner's rights.
        sql: "select 'the function livechat.' || p.proname || case \
                 when p.proowner <> o.role and o.is_generated then ' does not belong to ' || o.role \
                 when not p.prosecdef then ' does not run with the rights of its owner' \
                 else ' has no search_path of its own' end, p.proowner <> o.role and o.is_generated \
             from pg_proc p cross join lateral (select to_regrole(case p.proname \
                 when 'contact_ids' then 'voice_finder' else 'voice_livechat' end) as role, \
               coalesce(obj_description(p.oid, 'pg_proc') like 'Switchroom %', false) \
                 as is_generated) o \
             where p.pronamespace = to_regnamespace('livechat') \
               and not ((p.proowner = o.role or not o.is_generated) and p.prosecdef \
                 and exists (select from unnest(p.proconfig) as c (setting) \
                   where c.setting ~ '^search_path=(\"\"|pg_catalog\\M)' or not o.is_generated)) \
             order by p.proname",
        fix: "run `switchroom migrate`",
    },
    Check {
        // Where the server reads no other text than the owner's, its filters are the only fence. One that
        // compares with nothing, and reads something, shows every workspace the same rows.
        sql: join!(
            "with body as ( \
               select p.proname, coalesce(obj_description(p.oid, 'pg_proc'), '') as comment, \
                 left(encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'), 32) as checksum, \
                 regexp_replace(lower(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc)), \
                   '--[^\n]*', '', 'g') as text \
               from pg_proc p \
               where p.pronamespace = to_regnamespace('livechat') and p.proname in (",
            quoted!(&QUESTIONS),
            ")), own as ( \
               select b.*, regexp_replace(b.text, ",
            SCOPED,
            ", '', 'g') as rest from body b \
               where b.comment not like 'Switchroom %' and b.text ~ '\\m(from|into|execute|table)\\M' \
                 and b.text !~ '\\mlivechat\\s*\\.') \
             select 'the function livechat.' || b.proname || ' is not as Switchroom wrote it', false, \
               'drop it, and run `switchroom migrate`' \
             from body b \
             where b.comment like 'Switchroom %' and right(b.comment, 32) <> b.checksum \
             union all \
             select 'the owner''s own function livechat.' || o.proname || \
                 ' does not compare ws with voice.workspace()', false, \
               'let it read nothing unless `ws = voice.workspace()`: docs/databases.md' \
             from own o where o.rest = o.text \
             union all \
             select 'the owner''s own function livechat.' || o.proname || \
                 ' has the same rows for every workspace', true, \
               'let it compare the workspace of each row with `ws`: docs/databases.md' \
             from own o \
             where o.rest !~ '(\\mws\\M|[$]1\\M|\\mvoice\\s*\\.\\s*workspace\\s*\\()'",
        ),
        fix: "run `switchroom migrate`",
    },
    Check {
        sql: join!(
            "select 'the function livechat.' || q.name || ' is missing', false \
             from unnest(array[",
            quoted!(&QUESTIONS),
            "]) as q (name) \
             where q.name <> 'contact_ids' and to_regnamespace('voice') is not null \
               and not exists (select from pg_proc p where p.pronamespace = to_regnamespace('livechat') and p.proname = q.name)",
        ),
        fix: "run `switchroom migrate`",
    },
    Check {
        sql: "with own as (select r.* from pg_roles r \
               where r.rolname in ('voice_livechat', 'voice_finder')) \
             select 'the role ' || r.rolname || case when r.rolsuper then ' is a superuser' \
               when r.rolbypassrls then ' bypasses row-level security' \
               else ' can log in' end, r.rolsuper or r.rolbypassrls \
             from own r where r.rolsuper or r.rolbypassrls or r.rolcanlogin \
             union all \
             select 'the role ' || r.rolname || ' can be entered by the server', true from own r \
             where pg_has_role(current_user, r.oid, 'MEMBER') \
               and not (select u.rolsuper from pg_roles u where u.rolname = current_user) \
             union all \
             select 'the role ' || r.rolname || ' owns the table ' || c.relname, true \
             from pg_class c join own r on r.oid = c.relowner where c.relkind in ('r', 'p', 'v', 'm')",
        fix: "alter the role to nologin, nosuperuser, nobypassrls; give its tables to another role; revoke it \
              from the server's role",
    },
    Check {
        sql: join!(
            "select distinct 'the table ' || c.relname || ' is open to ' || \
               case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end, false \
             from pg_class c cross join lateral aclexplode(c.relacl) a \
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
               and c.relname in (",
            quoted!(&OURS),
            ") \
               and a.grantee <> c.relowner \
               and a.grantee not in (to_regrole('voice_agent'), to_regrole('voice_webhook')) \
             order by 1",
        ),
        fix: "run `switchroom migrate`, which revokes it",
    },
    Check {
        sql: "select 'any role may make temporary tables', false \
         where has_database_privilege(to_regrole('voice_webhook'), current_database(), 'TEMP')",
        fix: "revoke temporary on the database from public",
    },
];

/// What a person should know.
pub(super) const WARNINGS: &[Check] = &[Check {
    sql: join!(
        "select 'the functions of the schema livechat are as an earlier version of Switchroom wrote them: ' \
           || string_agg(f.name, ', ' order by f.name) \
         from (select p.proname::text as name, obj_description(p.oid, 'pg_proc') as comment from pg_proc p \
           where p.pronamespace = to_regnamespace('livechat')) f \
         where f.comment like 'Switchroom %' \
           and coalesce(substring(f.comment from '^Switchroom ([0-9]{1,6}) '), '1')::int < ",
        GENERATOR,
        " having count(*) > 0",
    ),
    fix: "run `switchroom migrate`",
}];

/// How a function compares the workspace that it is asked for with the transaction's, as a pattern.
const SCOPED: &str = "'(\\mws\\M|[$]1)\\s*(=|is\\s+(not\\s+)?distinct\\s+from)\\s*voice\\s*\\.\\s*workspace\\s*\\(\\s*\\)|\
     voice\\s*\\.\\s*workspace\\s*\\(\\s*\\)\\s*(=|is\\s+(not\\s+)?distinct\\s+from)\\s*(\\mws\\M|[$]1)'";

/// The tables that have our policies.
pub(super) const PROTECTED: &str = quoted!(&OURS);
