//! Is this database safe to serve tenants from?

use tokio_postgres::Client;

use crate::error::StoreError;
use crate::fault::Fault;
use crate::migrate;
use crate::tables::{LIVE_CHAT, OURS};
use crate::text::{join, quoted};

/// Looks for everything that would let one workspace see another, and for a schema that is not
/// the one this program was built with. No fault means an empty list.
///
/// # Errors
///
/// [`StoreError::Away`] if the database could not be asked.
pub(crate) async fn faults(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let mut faults = leaks(client).await?;
    faults.extend(schema_fault(client).await?);
    if faults.is_empty() {
        faults.extend(probe(client).await?);
    }
    Ok(faults)
}

/// Looks only for faults that would let one workspace see another.
pub(crate) async fn leaks(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for (sql, fix) in CHECKS {
        for row in client.query(*sql, &[]).await? {
            faults.push(Fault { fault: row.get(0), fix: (*fix).to_owned() });
        }
    }
    Ok(faults)
}

/// Tries what webhooks and agents do, each in a transaction that is rolled back.
///
/// A foreign policy for everybody applies to our roles too, and may read a table that they cannot
/// read. A trigger or a check on the live chat's log may refuse our rows. Then calls would reach
/// nobody, or would not be logged.
async fn probe(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for (role, table, sql) in PROBES {
        let transaction = format!(
            "begin; select set_config('role', '{role}', true), \
               set_config('voice.workspace_id', 'switchroom-check', true), \
               set_config('request.jwt.claims', case '{role}' when 'voice_agent' \
                 then '{{\"sub\":\"00000000-0000-0000-0000-000000000000\"}}' else '' end, true); \
             {sql}; rollback"
        );
        let Err(error) = client.batch_execute(&transaction).await else { continue };
        let Some(db) = error.as_db_error() else { return Err(error.into()) };
        faults.push(Fault {
            fault: format!("{role} cannot use {table}: {}", db.message()),
            fix: format!(
                "look at the policies, triggers and checks on {table} that are not Switchroom's; a \
                 policy without `to` counts for every role"
            ),
        });
        client.batch_execute("rollback").await?;
    }
    Ok(faults)
}

/// Whether the schema is missing, or is the schema of another version of the program.
pub(crate) async fn schema_fault(client: &Client) -> Result<Option<Fault>, StoreError> {
    let fault = |fault: &str| Fault {
        fault: fault.to_owned(),
        fix: "run `switchroom migrate` with this version of the program".to_owned(),
    };
    // The comment on the schema has its checksum: it can be read without any right on a table.
    let sql =
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'voice'";
    let Some(row) = client.query_opt(sql, &[]).await? else {
        return Ok(Some(fault("the database has no Switchroom schema")));
    };
    let applied: Option<String> = row.get(0);
    if applied.as_deref() == Some(migrate::checksum().as_str()) {
        Ok(None)
    } else {
        Ok(Some(fault("the database has the schema of another version")))
    }
}

/// Role, table and what the role does with it.
const PROBES: &[(&str, &str, &str)] = &[
    ("voice_webhook", "livechat_contacts", "select id from public.livechat_contacts limit 1"),
    (
        "voice_webhook",
        "livechat_contact_assignments",
        "select user_id from public.livechat_contact_assignments limit 1",
    ),
    ("voice_webhook", "user_profiles", "select id from public.user_profiles limit 1"),
    ("voice_webhook", "voice_workspaces", "select sealed from public.voice_workspaces limit 1"),
    (
        "voice_webhook",
        "livechat_messages",
        "insert into public.livechat_messages (workspace_id, sender, body, msg_type, direction, \
           twilio_sid, status, created_at) values ('switchroom-check', 'contact', \
           'A call of the set-up check, never kept.', 'call', 'inbound', \
           'CA00000000000000000000000000000000', 'completed', now())",
    ),
    ("voice_agent", "user_profiles", "select id from public.user_profiles limit 1"),
    ("voice_agent", "livechat_contacts", "select id from public.livechat_contacts limit 1"),
    ("voice_agent", "voice_calls", "select call_sid from public.voice_calls limit 1"),
];

/// Each statement lists faults as rows of one text.
const CHECKS: &[(&str, &str)] = &[
    (
        "select 'the role ' || r.rolname || ', which the server can become, ' || \
           case when r.rolsuper then 'is a superuser' else 'bypasses row-level security' end \
         from pg_roles r \
         where (r.rolsuper or r.rolbypassrls) and pg_has_role(current_user, r.oid, 'MEMBER')",
        "let DATABASE_URL name a role of its own; `switchroom migrate` makes it",
    ),
    (
        "select 'the server owns ' || string_agg(c.relname, ', ' order by c.relname) \
         from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname in ('public', 'voice') and c.relkind not in ('i', 'I') \
           and pg_has_role(current_user, c.relowner, 'MEMBER') \
         having count(*) > 0",
        "migrate as another role than the one in DATABASE_URL",
    ),
    (
        "select 'the server cannot become the role ' || r.rolname \
         from (values ('voice_agent'), ('voice_webhook')) as r (rolname) \
         where not coalesce(pg_has_role(current_user, to_regrole(r.rolname), 'MEMBER'), false)",
        "run `switchroom migrate` with DATABASE_URL set to the server's own role",
    ),
    (
        "select 'the server has the rights of ' || r.rolname || ' without becoming it' \
         from (values ('voice_agent'), ('voice_webhook')) as r (rolname) \
         where pg_has_role(current_user, to_regrole(r.rolname), 'USAGE')",
        "make the server's role NOINHERIT, revoke its memberships and run `switchroom migrate`",
    ),
    (
        join!(
            "select 'row-level security is not forced on ' || c.relname from pg_class c \
         where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity) \
           and (c.oid in (select to_regclass('public.' || t) from unnest(array[",
            quoted!(&LIVE_CHAT),
            ", ",
            quoted!(&OURS),
            "]) t) \
             or (exists (select from pg_attribute a \
                 where a.attrelid = c.oid and a.attname = 'workspace_id') \
               and exists (select from pg_roles r \
                 where r.rolname in (current_user, 'voice_agent', 'voice_webhook') \
                   and (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE') \
                     or has_table_privilege(r.oid, c.oid, 'DELETE'))))) \
         order by c.relname",
        ),
        "run `switchroom migrate`; if the table is not Switchroom's, revoke the rights on it from \
         the server's role, voice_agent and voice_webhook",
    ),
    (
        "select distinct 'the table ' || c.relname || ' may be truncated by ' || r.rolname \
         from pg_class c, pg_roles r \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
           and r.rolname in (current_user, 'voice_agent', 'voice_webhook') \
           and has_table_privilege(r.oid, c.oid, 'TRUNCATE') \
           and not pg_has_role(r.oid, c.relowner, 'MEMBER')",
        "revoke truncate on the table: policies do not cover it",
    ),
    (
        "select 'the view ' || c.relname || ' runs with its owner''s rights' \
         from pg_class c \
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' \
           and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', \
             'security_invoker=1', 'security_invoker=yes'], false) \
           and (c.relname = 'user_profiles_with_workspace' or exists (select from pg_roles r \
             where r.rolname in (current_user, 'voice_agent', 'voice_webhook') \
               and has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))) \
         order by c.relname",
        "alter the view with `set (security_invoker = true)`",
    ),
    (
        join!(
            "select 'the table ' || c.relname || ' lacks the restrictive policy of ' || r.rolname \
         from pg_class c \
         cross join (values ('voice_agent', 'member_workspace'), ('voice_webhook', 'workspace')) \
           as r (rolname, function) \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
           and c.relname in (",
            quoted!(&LIVE_CHAT),
            ", ",
            quoted!(&OURS),
            ") \
           and not exists (select from pg_policies q \
             where q.schemaname = 'public' and q.tablename = c.relname and q.cmd = 'ALL' \
               and q.roles = array[r.rolname]::name[] and q.permissive = 'RESTRICTIVE' \
               and q.qual like '(workspace_id = ( SELECT %' || r.function || '()%' \
               and q.with_check = q.qual) \
         order by c.relname, r.rolname",
        ),
        "run `switchroom migrate`",
    ),
    (
        join!(
            "select distinct 'the table ' || c.relname || ' is open to ' || \
           case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end \
         from pg_class c cross join lateral aclexplode(c.relacl) a \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
           and c.relname in (",
            quoted!(&OURS),
            ") \
           and a.grantee <> c.relowner \
           and a.grantee not in (to_regrole('voice_agent'), to_regrole('voice_webhook')) \
         order by 1",
        ),
        "run `switchroom migrate`, which revokes it",
    ),
    (
        "select 'any role may make temporary tables' \
         where has_database_privilege(to_regrole('voice_webhook'), current_database(), 'TEMP')",
        "revoke temporary on the database from public",
    ),
];
