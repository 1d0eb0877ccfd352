//! The owner's work: the schema and the server's login role.

use identity::{AccountSid, ApiKeySid, AppSid, PhoneNumber, WorkspaceId};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;
use crate::fault::Fault;
use crate::guard;
use crate::livechat::{self, Look};
use crate::pool;
use crate::schema::{self, SCHEMA, SCHEMA_VERSION};
use crate::tables::OURS;
use crate::text::{join, quoted};
use crate::url::{self, Target};

/// The database, as its owner. The server never has this.
pub struct Owner {
    client: Client,
}

/// A workspace's Twilio account, as the owner enters it.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// The workspace.
    pub id: WorkspaceId,
    /// Its Twilio account.
    pub account: AccountSid,
    /// The API key that signs its access tokens.
    pub api_key: ApiKeySid,
    /// The TwiML App of its browsers.
    pub app: AppSid,
    /// Auth tokens and the key's secret, encrypted.
    pub sealed: Vec<u8>,
    /// Its numbers; the first is the caller id of outbound calls.
    pub numbers: Vec<PhoneNumber>,
}

/// One line of the list of workspaces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WorkspaceLine {
    /// The workspace.
    pub id: String,
    /// Its Twilio account.
    pub account: String,
    /// Its numbers in their order.
    pub numbers: Vec<String>,
    /// The caller id, if it is not the first number.
    pub caller_id: Option<String>,
    /// Twilio's region, if it is not the default.
    pub region: Option<String>,
    /// Twilio's edge, if it is not the default.
    pub edge: Option<String>,
}

impl Owner {
    /// Connects as the owner.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] if the connection string cannot be read, [`StoreError::Away`] if nobody
    /// answers it, [`StoreError::Refused`] if a pooler would give the settings of this connection to
    /// others.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let target = url::parse(url)?;
        match guard::pooler::fault(&target).await? {
            Some(fault) => Err(StoreError::Refused(vec![fault])),
            None => Ok(Self { client: pool::connect_one(&target).await? }),
        }
    }

    /// What [`Owner::migrate`] would read, make and alter, and what cannot be used and why.
    ///
    /// It does all of it on trial, except the indexes, and takes it back: what no table says, as a trigger
    /// that refuses a call's row, is found as well.
    ///
    /// # Errors
    ///
    /// As [`Owner::migrate`], but what cannot be used is in the answer.
    pub async fn look(&self) -> Result<Look, StoreError> {
        let tried = async {
            self.begin().await?;
            // What is current is left alone, so that a look locks no table of a database in use.
            if schema::fault(&self.client).await?.is_some() {
                self.client.batch_execute(SCHEMA).await?;
            }
            livechat::adapt(&self.client).await
        };
        let tried = tried.await;
        self.client.batch_execute("rollback").await?;
        Ok(tried?.look)
    }

    /// Applies the schema, writes the functions that read the live chat, and makes the login role that
    /// `server_url` names, with its password and its memberships. Doing it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if `server_url` names the owner itself or no role, if the database has the
    /// schema of a later program, if something of the live chat cannot be used, or if somebody holds one
    /// of its tables for more than five seconds;
    /// [`StoreError::Data`] or [`StoreError::SetUp`] with the database's own words, hints included,
    /// if the owner has not all rights. Then nothing is changed, except that after a refusal of an index
    /// everything but the index is done.
    pub async fn migrate(&self, server_url: &str) -> Result<Look, StoreError> {
        let login = url::parse(server_url)?;
        let name = self.login_name(&login).await?;
        let tried = async {
            self.begin().await?;
            self.client.batch_execute(LOCK).await?;
            let stamp = schema::schema_stamp();
            let sql = format!("{SCHEMA}\ncomment on schema voice is '{stamp}'");
            self.client.batch_execute(&sql).await?;
            livechat::adapt(&self.client).await
        };
        let adapted = match tried.await {
            Ok(adapted) if adapted.look.faults.is_empty() => adapted,
            refused => {
                // Else the refused transaction would refuse whatever the owner does next.
                self.client.batch_execute("rollback").await?;
                return Err(StoreError::Refused(refused?.look.faults));
            }
        };
        self.client.batch_execute("commit").await?;
        self.make_login(&name, login.config.get_password()).await?;
        adapted.finish(&self.client).await
    }

    /// Begins the transaction of a migration.
    async fn begin(&self) -> Result<(), StoreError> {
        let sql = format!(
            "begin; select pg_advisory_xact_lock({MIGRATION_LOCK}); \
             set local client_min_messages = warning; set local search_path = ''; \
             set local lock_timeout = '60s'; {CLUSTER_LOCK}; set local lock_timeout = '5s'"
        );
        self.client.batch_execute(&sql).await?;
        match schema::later(&self.client).await? {
            None => Ok(()),
            Some(later) => Err(StoreError::Refused(vec![Fault {
                fault: format!(
                    "the database has schema {later}, and this program has schema {SCHEMA_VERSION}"
                ),
                fix: "migrate with the later program; docs/upgrading.md says which servers may run beside \
                      it"
                    .to_owned(),
            }])),
        }
    }

    /// Whether the database has the schema of a later program, which this one must not migrate. Whether it
    /// may be used all the same, [`Store::guard`](crate::Store::guard) says.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if the database does not answer.
    pub async fn has_later_schema(&self) -> Result<bool, StoreError> {
        Ok(schema::later(&self.client).await?.is_some())
    }

    async fn login_name(&self, login: &Target) -> Result<String, StoreError> {
        let refuse = |fault: &str| {
            StoreError::Refused(vec![Fault {
                fault: fault.to_owned(),
                fix: "let DATABASE_URL name a role for the server alone, for example voice_app"
                    .to_owned(),
            }])
        };
        let name = login.role().ok_or_else(|| refuse("DATABASE_URL names no role"))?;
        let owner: String = self.client.query_one("select current_user::text", &[]).await?.get(0);
        if owner == name { Err(refuse("DATABASE_URL names the owner")) } else { Ok(name.into()) }
    }

    /// Changes only what is not as it should be: roles belong to the cluster, where migrations of
    /// several databases meet.
    async fn make_login(&self, name: &str, password: Option<&[u8]>) -> Result<(), StoreError> {
        // Only the verifier travels, so that no log of statements can hold the password.
        let verifier = password.map(postgres_protocol::password::scram_sha_256);
        let row = self.client.query_one(LOGIN, &[&name, &verifier]).await?;
        let statements: [Option<&str>; 5] = std::array::from_fn(|n| row.get(n));
        for statement in statements.into_iter().flatten() {
            match self.client.batch_execute(statement).await {
                // Another migration was first; it is as it should be now.
                Err(error)
                    if error.code().is_some_and(|state| {
                        [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION].contains(state)
                    }) => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// Enters a workspace, or replaces its account, secrets and numbers. Its caller id, region and edge stay as
    /// they are: see [`Owner::set_workspace`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn add_workspace(&self, workspace: &NewWorkspace) -> Result<(), StoreError> {
        let numbers: Vec<&str> = workspace.numbers.iter().map(PhoneNumber::as_str).collect();
        self.client
            .execute(
                ADD_WORKSPACE,
                &[
                    &workspace.id.as_str(),
                    &workspace.account.as_str(),
                    &workspace.api_key.as_str(),
                    &workspace.app.as_str(),
                    &workspace.sealed,
                    &numbers,
                ],
            )
            .await?;
        Ok(())
    }

    /// Whether the live chat has a workspace with this id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn is_in_live_chat(&self, workspace: &WorkspaceId) -> Result<bool, StoreError> {
        let sql = "with scope as materialized \
                     (select set_config('voice.workspace_id', $1, true) as workspace) \
                   select coalesce(livechat.workspace(s.workspace), false) from scope s";
        Ok(self.client.query_one(sql, &[&workspace.as_str()]).await?.get(0))
    }

    /// Sets a workspace's policy, as JSON. `false` if there is no such workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn set_policy(
        &self,
        workspace: &WorkspaceId,
        policy: &serde_json::Value,
    ) -> Result<bool, StoreError> {
        let sql = "update public.voice_workspaces set policy = $2, updated_at = now() \
                   where workspace_id = $1";
        Ok(self.client.execute(sql, &[&workspace.as_str(), policy]).await? == 1)
    }

    /// Every workspace with its account and numbers, by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceLine>, StoreError> {
        let rows = self.client.query(LIST_WORKSPACES, &[]).await?;
        Ok(rows
            .iter()
            .map(|row| WorkspaceLine {
                id: row.get(0),
                account: row.get(1),
                numbers: row.get(2),
                caller_id: row.get(3),
                region: row.get(4),
                edge: row.get(5),
            })
            .collect())
    }

    /// Removes a workspace's credentials and numbers; calls and contacts stay. `false` if there
    /// was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn remove_workspace(&self, workspace: &WorkspaceId) -> Result<bool, StoreError> {
        let sql = "delete from public.voice_workspaces where workspace_id = $1";
        Ok(self.client.execute(sql, &[&workspace.as_str()]).await? == 1)
    }

    /// The connection itself, for seeds and tests that write the live chat's own tables.
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

/// Any number will do, as long as it is always the same: "switchro" in ASCII.
const MIGRATION_LOCK: i64 = 0x7377_6974_6368_726f;

/// Roles belong to the cluster, where migrations of several databases meet: each grants the functions' roles to
/// its owner for a while, and the others wait for it. They do so here, where nobody waits for them yet.
const CLUSTER_LOCK: &str = "do $$ begin \
    if to_regrole('voice_livechat') is not null and to_regrole('voice_finder') is not null \
      and not pg_has_role(current_user, 'voice_livechat', 'USAGE') then \
      grant voice_livechat, voice_finder to current_user; \
      revoke voice_livechat, voice_finder from current_user; \
    end if; \
  end $$";

/// Takes every table of ours that is there before anything is changed. Table by table, as the schema needs them, the
/// migration and a transaction of a running server could wait for each other. An attempt that waits gives up
/// after a tenth of the time after which Postgres looks for that, and lets go of everything, so nobody waits
/// long for the migration.
const LOCK: &str = join!(
    "do $$ \
     declare \
       tables text := (select string_agg(c.oid::regclass::text, ', ' order by c.relname) \
         from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') \
           and c.relname in (",
    quoted!(&OURS),
    ")); \
     begin \
       for attempt in 1..30 loop \
         exit when tables is null; \
         begin \
           perform set_config('lock_timeout', '100ms', true); \
           execute 'lock table ' || tables || ' in access exclusive mode'; \
           perform set_config('lock_timeout', '5s', true); \
           exit; \
         exception when lock_not_available then \
           if attempt = 30 then raise; end if; \
         end; \
         perform pg_sleep(0.05 + random() * 0.05); \
       end loop; \
     end $$"
);

/// What the login role still needs, statement by statement: name and password's verifier.
const LOGIN: &str = "\
select \
  case when r.oid is null \
    then format('create role %I login noinherit nosuperuser nobypassrls', l.name) end, \
  case when not (r.rolcanlogin and not r.rolinherit) \
    then format('alter role %I login noinherit', l.name) end, \
  case when not coalesce(pg_has_role(r.oid, 'voice_agent', 'MEMBER'), false) \
    then format('grant voice_agent to %I', l.name) end, \
  case when not coalesce(pg_has_role(r.oid, 'voice_webhook', 'MEMBER'), false) \
    then format('grant voice_webhook to %I', l.name) end, \
  case when l.verifier is not null \
    then format('alter role %I password %L', l.name, l.verifier) end \
from (values ($1::text, $2::text)) as l (name, verifier) left join pg_roles r on r.rolname = l.name";

const ADD_WORKSPACE: &str = "\
with entered as ( \
  insert into public.voice_workspaces \
    (workspace_id, account_sid, api_key_sid, app_sid, sealed) values ($1, $2, $3, $4, $5) \
  on conflict (workspace_id) do update set account_sid = excluded.account_sid, \
    api_key_sid = excluded.api_key_sid, app_sid = excluded.app_sid, sealed = excluded.sealed, \
    updated_at = now() \
  returning workspace_id), \
gone as ( \
  delete from public.voice_numbers where workspace_id = $1 and phone_number <> all ($6::text[])) \
insert into public.voice_numbers (workspace_id, phone_number, rank) \
  select e.workspace_id, n.phone_number, n.rank \
  from entered e, (select u.phone_number, min(u.rank) as rank \
    from unnest($6::text[]) with ordinality as u (phone_number, rank) group by 1) n \
  on conflict (workspace_id, phone_number) do update set rank = excluded.rank";

const LIST_WORKSPACES: &str = "\
select w.workspace_id, w.account_sid, \
  coalesce(array_agg(n.phone_number order by n.rank) filter (where n.phone_number is not null), \
    '{}'), w.caller_id, w.region, w.edge \
from public.voice_workspaces w left join public.voice_numbers n using (workspace_id) \
group by w.workspace_id order by w.workspace_id";
