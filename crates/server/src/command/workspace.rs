//! `switchroom workspace`.

mod outside;
mod reseal;

use std::io::IsTerminal;

use clap::{ArgGroup, Subcommand};
use identity::{AccountSid, ApiKeySid, AppSid, PhoneNumber, WorkspaceId};
use store_pg::{NewWorkspace, Owner, Removed, WorkspaceChange};

use super::traces::Wanted;
use super::{Failure, print, prompt, variable};
use crate::config;
use crate::database::embedded::{self, Access};
use crate::known;
use crate::secrets::SecretsKeys;
use crate::secrets::seal::{self, Credentials};
use outside::Outside;

/// Commands for workspaces.
#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Adds the Twilio account of a workspace, or replaces it.
    ///
    /// Reads the auth token from `TWILIO_AUTH_TOKEN`, the secret of the API key from `TWILIO_API_SECRET`,
    /// and asks for a missing one on the terminal. During a rotation, `TWILIO_AUTH_TOKEN_PREVIOUS` is the
    /// old auth token. `SWITCHROOM_SECRETS_KEY`, the server's own, encrypts them. Caller id, region and edge stay
    /// as they are unless they are named.
    #[command(group(ArgGroup::new("what").multiple(true)))]
    Add {
        /// The workspace's id in the live chat.
        id: WorkspaceId,
        /// The Twilio account.
        #[arg(long)]
        account_sid: AccountSid,
        /// The API key that signs access tokens; not a restricted one.
        #[arg(long)]
        api_key: ApiKeySid,
        /// The TwiML App of the workspace's browsers.
        #[arg(long)]
        app: AppSid,
        /// A number of the workspace, E.164; may be repeated. The first is the caller id unless another is
        /// given.
        #[arg(long, required = true)]
        number: Vec<PhoneNumber>,
        /// Caller id, region and edge.
        #[command(flatten)]
        outside: Outside,
    },
    /// Changes what is named of a workspace, without its credentials.
    ///
    /// Running servers follow within ten seconds. A new region needs the credentials that Twilio gives for it:
    /// use `add`.
    #[command(group(ArgGroup::new("what").multiple(true).required(true)))]
    Set {
        /// The workspace's id.
        id: WorkspaceId,
        /// A number of the workspace, E.164; may be repeated. These replace all its numbers.
        #[arg(long, group = "what")]
        number: Vec<PhoneNumber>,
        /// Caller id, region and edge.
        #[command(flatten)]
        outside: Outside,
    },
    /// Lists workspaces with their accounts and numbers, and caller id, region and edge where they are set.
    List,
    /// Seals the credentials of all workspaces with `SWITCHROOM_SECRETS_KEY` that
    /// `SWITCHROOM_SECRETS_KEY_PREVIOUS` opens.
    ///
    /// Servers may run meanwhile, if they have both keys. Does nothing where nothing is to do. Exits with
    /// status 1 if neither key opens a workspace.
    Reseal,
    /// Removes a workspace's Twilio account; calls and contacts stay.
    Remove {
        /// The workspace's id.
        id: WorkspaceId,
        /// Deletes everything that Switchroom keeps of it as well, in the database and in the files of
        /// `SWITCHROOM_DATA_DIR`. The live chat's tables stay as they are, its log included.
        #[arg(long)]
        purge: bool,
    },
}

pub(super) async fn run(command: WorkspaceCommand) -> Result<(), Failure> {
    // The embedded database runs for as long as this is held.
    let (_access, owner) = connect().await?;
    match command {
        WorkspaceCommand::Add { id, account_sid, api_key, app, number, outside } => {
            let keys = secrets_keys()?;
            let credentials = Credentials {
                auth_tokens: auth_tokens()?,
                api_secret: secret("TWILIO_API_SECRET", "API key secret")?,
            };
            let sealed = seal::seal(&keys.current, &id, &credentials, seal::nonce())
                .map_err(|error| Failure::failed(&error))?;
            let new = NewWorkspace {
                id: id.clone(),
                account: account_sid,
                api_key,
                app,
                sealed,
                numbers: number,
            };
            known::check(&keys, &new).map_err(|error| Failure::Configuration(error.to_string()))?;
            owner.add_workspace(&new).await.map_err(|error| Failure::failed(&error))?;
            set(&owner, &id, &outside.change(None)).await?;
            print(&format!("workspace {id} is entered"))?;
            // Whoever may add it need not be who migrated, so that this question may be refused.
            if owner.is_in_live_chat(&id).await.is_ok_and(|is_there| !is_there) {
                print(&format!(
                    "look at this: the live chat has no workspace {id}: nobody rings before it has one, or \
                     before this one is added under the id that it has there"
                ))?;
            }
            Ok(())
        }
        WorkspaceCommand::Set { id, number, outside } => {
            let numbers = (!number.is_empty()).then_some(number);
            set(&owner, &id, &outside.change(numbers)).await
        }
        WorkspaceCommand::List => {
            let workspaces = owner.workspaces().await.map_err(|error| Failure::failed(&error))?;
            print(&workspaces.iter().map(outside::line).collect::<Vec<_>>().join("\n"))
        }
        WorkspaceCommand::Reseal => reseal::run(&owner, &secrets_keys()?).await,
        WorkspaceCommand::Remove { id, purge: true } => remove_all(&owner, &id).await,
        WorkspaceCommand::Remove { id, purge: false } => {
            let removed = owner.remove_workspace(&id).await;
            if removed.map_err(|error| Failure::failed(&error))? {
                print(&format!("workspace {id} is removed"))
            } else {
                Err(Failure::Failed(format!("there is no workspace {id}")))
            }
        }
    }
}

/// Changes a workspace, and says what it is now if anything was to change.
async fn set(owner: &Owner, id: &WorkspaceId, change: &WorkspaceChange) -> Result<(), Failure> {
    if *change == WorkspaceChange::default() {
        return Ok(());
    }
    let changed = owner.set_workspace(id, change).await;
    if !changed.map_err(|error| Failure::failed(&error))? {
        return Err(Failure::Failed(format!("there is no workspace {id}")));
    }
    let lines = owner.workspaces().await.map_err(|error| Failure::failed(&error))?;
    let Some(line) = lines.iter().find(|line| line.id == id.as_str()) else { return Ok(()) };
    print(&outside::line(line))?;
    outside::advice(line).map_or(Ok(()), |advice| print(&advice))
}

/// Removes a workspace with everything, and says what that was.
async fn remove_all(owner: &Owner, id: &WorkspaceId) -> Result<(), Failure> {
    let Removed { had_account, deleted, others } =
        owner.remove_all(id).await.map_err(|error| Failure::failed(&error))?;
    let found = Wanted { workspace: id, person: None }.remove().await?;
    let account = if had_account { "is removed" } else { "had no account" };
    let mut lines = vec![
        format!("workspace {id} {account}"),
        "database:".to_owned(),
        format!(
            "  {} calls, {} legs, {} events, {} claims of outbound calls and {others} other rows are deleted",
            deleted.calls, deleted.legs, deleted.events, deleted.dials
        ),
    ];
    lines.extend(found.lines());
    lines.push(
        "elsewhere:\n  running servers: they answer for it for up to 10 seconds more, and forget it then\n  \
         the live chat: its tables, the rows of calls in its log included, stay as they are\n  \
         Twilio: its records and recordings; point the voice URLs of the numbers elsewhere"
            .to_owned(),
    );
    print(&lines.join("\n"))
}

pub(super) async fn connect() -> Result<(Option<Access>, Owner), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::failed(error);
    let url = variable("SWITCHROOM_ADMIN_DATABASE_URL").or_else(|| variable("DATABASE_URL"));
    if let Some(url) = url {
        return Ok((None, Owner::connect(&url).await.map_err(|error| failed(&error))?));
    }
    let access = Access::open(&config::data_dir(variable)).await.map_err(|error| failed(&error))?;
    if let Access::Started(_) = &access {
        let migrated = embedded::migrate(&access.owner_url(), &access.login_url()).await;
        migrated.map_err(|error| failed(&error))?;
    }
    let owner = Owner::connect(&access.owner_url()).await.map_err(|error| failed(&error))?;
    Ok((Some(access), owner))
}

/// The same keys as the server's.
fn secrets_keys() -> Result<SecretsKeys, Failure> {
    config::secrets_keys(variable).map_err(|faults| Failure::Configuration(faults.to_string()))
}

fn auth_tokens() -> Result<Vec<String>, Failure> {
    let current = secret("TWILIO_AUTH_TOKEN", "auth token")?;
    Ok([Some(current), variable("TWILIO_AUTH_TOKEN_PREVIOUS")].into_iter().flatten().collect())
}

/// A secret from the environment, or from a question on a terminal. It is never an argument, because
/// every user of the machine can read arguments.
fn secret(name: &str, what: &str) -> Result<String, Failure> {
    if let Some(secret) = variable(name) {
        return Ok(secret);
    }
    let missing = || Failure::Configuration(format!("{name} is missing: the {what}"));
    if !std::io::stdin().is_terminal() {
        return Err(missing());
    }
    let line = prompt::secret(what).map_err(|error| Failure::failed(&error))?;
    let line = line.trim();
    if line.is_empty() { Err(missing()) } else { Ok(line.to_owned()) }
}
