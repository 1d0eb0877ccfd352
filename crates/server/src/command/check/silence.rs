//! What would keep the phones silent although everything works: nobody who takes calls, numbers that no
//! call can match, a workspace that the live chat does not have.

use std::collections::BTreeMap;

use dialling::{Country, Fault, NotANumber};
use identity::PhoneNumber;
use store_pg::{LiveChat, MemberRole, Store, StoreError};

use super::Report;
use super::database::Found;
use crate::config::Config;
use crate::endpoint::{Carrier, Endpoint};

pub(super) async fn look(
    store: &Store,
    config: &Config,
    found: &Found,
    report: &mut Report,
) -> Result<(), StoreError> {
    let home = found.row.numbers.first().map(Country::home);
    let mut lost = Lost::default();
    let live_chat = store.live_chat(&found.id, MOST_CONTACTS, |number| {
        let Some(home) = home else { return };
        match dialling::read(number, home) {
            Err(error) => lost.count(number, why(&error)),
            // Its last digits are in the letters, and the lookup does not see them.
            Ok(read) if !is_looked_up(number, &read.e164) => {
                lost.count(number, "have letters in place of digits");
            }
            Ok(_) => {}
        }
    });
    let live_chat = live_chat.await?;
    let id = &found.id;
    if !live_chat.has_workspace {
        report.fault(
            format!("the live chat has no workspace {id}"),
            format!(
                "add the workspace under the id that the live chat has for it, and remove this one: \
                 `switchroom workspace remove {id}`"
            ),
        );
        return Ok(());
    }
    members(&live_chat, found, report);
    lost.tell(&live_chat, found, report);
    if !live_chat.has_calls {
        let url =
            |carrier| config.public_url.join(&Endpoint::Carrier(id.clone(), carrier).to_string());
        report.next(format!(
            "at Twilio, set the voice URL {} and the status callback {} for the numbers and the TwiML App \
             of workspace {id} (docs/twilio-setup.md), sign in at a page of an agent, and call a number",
            url(Carrier::Voice),
            url(Carrier::Status)
        ));
    }
    Ok(())
}

/// Who takes calls.
fn members(live_chat: &LiveChat, found: &Found, report: &mut Report) {
    let id = &found.id;
    let count = |takes: bool| {
        let roles = live_chat.roles.iter().filter(|role| role.takes_calls == takes);
        roles.map(|role| role.members).sum::<i64>()
    };
    let takers = count(true);
    if takers > 0 {
        report.good(&match takers {
            1 => format!("workspace {id}: one member takes calls"),
            many => format!("workspace {id}: {many} members take calls"),
        });
        return;
    }
    if live_chat.roles.is_empty() {
        report.fault(
            format!("workspace {id} has no members in the live chat, so that nobody rings"),
            "enter them in the live chat, or see by `switchroom migrate --check` where members are read \
             from",
        );
        return;
    }
    let list: Vec<String> = live_chat.roles.iter().map(shown).collect();
    let words: Vec<String> = live_chat
        .roles
        .iter()
        .filter(|role| !role.name.is_empty())
        .map(|role| role.name.to_lowercase())
        .collect();
    let words = serde_json::Value::from(words);
    report.fault(
        format!(
            "nobody rings in workspace {id}: {}",
            match count(false) {
                1 => "its only member takes no calls; the role is ".to_owned(),
                many => format!("none of its {many} members takes calls; their roles are "),
            } + &list.join(", "),
        ),
        format!(
            "name those that take calls, as the owner: update voice_workspaces set policy = policy || \
             '{{\"roles\": {{\"agent\": {words}}}}}' where workspace_id = '{id}'"
        ),
    );
}

fn shown(role: &MemberRole) -> String {
    let name = if role.name.is_empty() { "none" } else { &role.name };
    format!("{name} ({})", role.members)
}

/// Numbers of contacts that no call can match, by what is wrong with them.
#[derive(Default)]
struct Lost(BTreeMap<&'static str, (u64, String)>);

impl Lost {
    fn count(&mut self, number: &str, why: &'static str) {
        // A contact without a number is no fault.
        if number.trim().is_empty() {
            return;
        }
        let (count, _) = self.0.entry(why).or_insert_with(|| (0, masked(number)));
        *count += 1;
    }

    fn tell(self, live_chat: &LiveChat, found: &Found, report: &mut Report) {
        let count: u64 = self.0.values().map(|(count, _)| count).sum();
        if count == 0 {
            return;
        }
        let kinds: Vec<String> = self
            .0
            .iter()
            .map(|(why, (count, example))| format!("{count} {why} (such as {example})"))
            .collect();
        report.notice(
            format!(
                "the numbers of {count} of {} contacts of workspace {} match no call: {}",
                live_chat.contacts_read,
                found.id,
                kinds.join(", ")
            ),
            "write them in the live chat as they are dialled, with an area code or a country's code",
        );
    }
}

const fn why(error: &NotANumber) -> &'static str {
    match error.fault {
        Fault::Empty => "have no digit",
        Fault::Character(_) => "have characters that are no part of a number",
        Fault::UnknownCode => "begin with no country's code",
        Fault::TooShort => "are too short",
        Fault::TooLong => "are too long",
        Fault::NoAreaCode => "have no area code",
        _ => "are none",
    }
}

/// Whether the database finds a contact with this text when the number calls.
fn is_looked_up(text: &str, number: &PhoneNumber) -> bool {
    dialling::tail(text).is_some_and(|tail| dialling::tails(number).contains(&tail))
}

/// The form of a number without the number.
fn masked(number: &str) -> String {
    let letter = |c: char| match c {
        _ if c.is_numeric() => '0',
        _ if c.is_alphabetic() => 'x',
        _ if c.is_control() => ' ',
        _ => c,
    };
    format!("{:?}", number.chars().take(20).map(letter).collect::<String>())
}

/// Numbers that more than one workspace has.
pub(super) fn shared_numbers(workspaces: &[Found], report: &mut Report) {
    let mut owners: BTreeMap<&PhoneNumber, Vec<&str>> = BTreeMap::new();
    for found in workspaces {
        for number in &found.row.numbers {
            owners.entry(number).or_default().push(found.id.as_str());
        }
    }
    for (number, owners) in owners.iter().filter(|(_, owners)| owners.len() > 1) {
        report.fault(
            format!("the number {number} is in the workspaces {}", owners.join(" and ")),
            "a number rings in the workspace that its voice URL at Twilio names: take it out of the others \
             by `switchroom workspace add` without it",
        );
    }
}

/// Enough to see how numbers are written.
const MOST_CONTACTS: u64 = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_shows_the_form_and_no_digit_or_letter() {
        assert_eq!(masked("Call Jane: +49 30/123"), "\"xxxx xxxx: +00 00/00\"");
        assert_eq!(masked("٠١٢"), "\"000\"");
    }
}
