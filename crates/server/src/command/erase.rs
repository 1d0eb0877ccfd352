//! `switchroom erase`: a person's traces.

use clap::Args;
use dialling::Country;
use identity::{ContactId, PhoneNumber, WorkspaceId};
use store_pg::{Erased, Owner, Person};

use super::traces::{Wanted, Whose};
use super::workspace::connect;
use super::{Failure, print};

/// Erases what is kept of a person's calls, and says what was found where.
#[derive(Debug, Args)]
pub struct EraseCommand {
    /// The workspace's id.
    id: WorkspaceId,
    /// A number of the person, as people write it; may be repeated.
    #[arg(long, required_unless_present = "contact")]
    number: Vec<String>,
    /// The person, by the contact's id in the live chat.
    #[arg(long)]
    contact: Option<ContactId>,
}

pub(super) async fn run(command: EraseCommand) -> Result<(), Failure> {
    let EraseCommand { id, number, contact } = command;
    let failed = |error: &dyn std::error::Error| Failure::failed(error);
    // The embedded database runs for as long as this is held.
    let (_access, owner) = connect().await?;
    let home = home(&owner, &id).await?;
    let mut numbers: Vec<PhoneNumber> = number
        .iter()
        .enumerate()
        .map(|(place, text)| {
            let unread =
                |why| Failure::Configuration(format!("--number, the {}. given: {why}", place + 1));
            dialling::read(text, home).map(|number| number.e164).map_err(unread)
        })
        .collect::<Result<_, _>>()?;
    if let Some(contact) = contact {
        let text = owner.contact_number(&id, contact).await.map_err(|error| failed(&error))?;
        numbers.extend(text.and_then(|text| Some(dialling::read(&text, home).ok()?.e164)));
    }
    numbers.sort();
    numbers.dedup();
    let is_meant =
        |text: &str| numbers.iter().any(|number| dialling::is_caller(text, number, home));
    let person = Person { numbers: &numbers, contact, is_meant: &is_meant };
    let erased = owner.erase(&id, &person).await.map_err(|error| failed(&error))?;
    let whose = Whose { numbers: &numbers, contact, calls: &erased.calls };
    let found = Wanted { workspace: &id, person: Some(whose) }.remove().await?;
    let mut lines = report(&erased, numbers.len());
    lines.extend(found.lines());
    lines.push(elsewhere(&erased));
    print(&lines.join("\n"))
}

/// The country in which the workspace's people write numbers.
async fn home(owner: &Owner, id: &WorkspaceId) -> Result<Country, Failure> {
    let workspaces = owner.workspaces().await.map_err(|error| Failure::failed(&error))?;
    let Some(line) = workspaces.into_iter().find(|line| line.id == id.as_str()) else {
        return Err(Failure::Failed(format!(
            "there is no workspace {id}; `switchroom workspace remove {id} --purge` deletes what is left of one \
             that was removed"
        )));
    };
    let first = line.numbers.first().and_then(|text| text.parse().ok());
    Ok(first.map_or(Country::NONE, |number: PhoneNumber| Country::home(&number)))
}

fn report(erased: &Erased, numbers: usize) -> Vec<String> {
    let Erased { deleted, left, log_cleared, log_left, .. } = erased;
    let mut lines = vec![
        "database:".to_owned(),
        format!(
            "  calls: {} deleted, with {} legs, {} events and {} claims of outbound calls",
            deleted.calls, deleted.legs, deleted.events, deleted.dials
        ),
        format!(
            "  marked, so that they do not come back from Twilio: {} calls, {numbers} numbers",
            deleted.calls
        ),
        format!("  rows of the live chat's log: {log_cleared} do not name the contact any more"),
    ];
    if *log_left > 0 {
        lines.push(format!(
            "  rows of the live chat's log: {log_left} are gone or not as Switchroom wrote them, and are left to \
             the live chat"
        ));
    }
    if *left > 0 {
        lines.push(format!(
            "  calls: {left} go on and were left: run this again when they are over"
        ));
    }
    lines
}

/// What this command cannot reach.
fn elsewhere(erased: &Erased) -> String {
    let mut text = "elsewhere:\n  \
         running servers: they forget the number, the contact's id and name, which they remember of the last \
         callers, within two minutes, in memory and in known/. One that cannot reach the database for an hour \
         keeps them: run this again then\n  \
         the live chat: contacts, assignments and messages are its own\n  \
         backups of the database, and logs of the database's statements"
        .to_owned();
    if erased.calls.is_empty() {
        return text;
    }
    text.push_str("\n  Twilio: its records and recordings of these calls, to be deleted there:");
    for call in &erased.calls {
        text.push_str("\n    ");
        text.push_str(call.as_str());
    }
    text
}
