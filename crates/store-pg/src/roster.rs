//! The roster of a call: who calls, and who could take it.

use std::collections::BTreeMap;
use std::time::Duration;

use dialling::Country;
use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId, WorkspaceId};
use routing::{Activity, Candidate, Page, Presence};
use tokio_postgres::Row;

use crate::Store;
use crate::agents::{self, AgentRow, MEMBERS};
use crate::error::StoreError;
use crate::scope::{Scope, alone};
use crate::sql;

/// What is known when a call rings: who calls, and who could take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// The contact with the caller's number.
    pub contact: Option<KnownContact>,
    /// Every member who takes calls, and everybody who is assigned to the contact. Which of them rang
    /// in this call already is not known here: the carrier's request says it.
    pub candidates: Vec<Candidate>,
    /// How long ago the leases of closed pages ran out.
    pub closed: Vec<(UserId, Duration)>,
    /// Whether this very call is over already: the request is a replay.
    pub call_is_over: bool,
}

/// A contact as the agent's page shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownContact {
    /// The contact.
    pub id: ContactId,
    /// The name somebody entered, whatever it contains, cut to 200 characters.
    pub name: Option<String>,
}

/// What a call asks the database for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Caller {
    /// The contacts whose number may be the caller's, at most 50, oldest first. Of more than 50, those whose
    /// numbers are nearest to the caller's.
    pub contacts: Vec<FoundContact>,
    /// Whether this very call is over already: the request is a replay.
    pub call_is_over: bool,
}

/// A contact whose number ends as the caller's does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundContact {
    /// The contact.
    pub contact: KnownContact,
    /// The number as the live chat has it, cut to 100 characters.
    pub number: String,
    /// Who is assigned, by id; of all contacts together at most 1,000.
    pub assigned: Vec<UserId>,
}

impl Caller {
    /// The contacts whose number, read in `home`, is this one. Several are one caller: everybody who is
    /// assigned to one of them is assigned, all names are shown, and the first with an assignment, else
    /// the oldest, is the contact of the record.
    pub fn with(self, number: &PhoneNumber, home: Country) -> Option<FoundContact> {
        let is_meant = |found: &FoundContact| dialling::is_caller(&found.number, number, home);
        let mut meant: Vec<_> = self.contacts.into_iter().filter(is_meant).collect();
        let first = meant.iter().position(|found| !found.assigned.is_empty()).unwrap_or(0);
        if first >= meant.len() {
            return None;
        }
        let mut one = meant.remove(first);
        for other in meant {
            one.assigned.extend(other.assigned);
            match (&mut one.contact.name, other.contact.name) {
                (Some(names), Some(name)) if !names.split(", ").any(|known| known == name) => {
                    names.push_str(", ");
                    names.push_str(&name);
                }
                (names @ None, name) => *names = name,
                _ => {}
            }
        }
        one.assigned.sort_unstable();
        one.assigned.dedup();
        Some(one)
    }
}

impl Store {
    /// Asks who calls: the contacts whose number ends in one of [`dialling::endings`], who is assigned to them, and
    /// whether the call is over. An assignment counts if it was committed before the question.
    ///
    /// One statement without a transaction around it. Without `endings`, there are no contacts.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn caller(
        &self,
        workspace: &WorkspaceId,
        endings: &[String],
        call: CallSid,
    ) -> Result<Caller, StoreError> {
        let _turn = self.webhook_shares.turn(workspace).await?;
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
            &[&workspace.as_str(), &endings, &call.as_str()];
        Ok(caller(&alone(&self.webhook, CALLER, params).await?))
    }

    /// Reads the members who take calls, and what they are doing, by name, at most [`MOST_MEMBERS`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn members(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Vec<AgentRow>, StoreError> {
        let (answered_after, rang_after) = agents::oldest(now);
        let _turn = self.webhook_shares.turn(workspace).await?;
        let rows = Scope::Webhook(workspace)
            .run(&self.webhook, MEMBERS, &[&workspace.as_str(), &answered_after, &rang_after])
            .await?;
        rows.iter().map(agents::agent).collect()
    }
}

impl Roster {
    /// What a decision needs: the members, as they are at this moment, and those of the assigned users who
    /// are none. `wrap_up` is the length of the wrap-up after a call.
    ///
    /// Whether the call is over is not known here.
    pub fn of(
        members: &[AgentRow],
        contact: Option<KnownContact>,
        assigned: &[UserId],
        wrap_up: Duration,
        now: Timestamp,
    ) -> Self {
        let is_over = |until: Option<Timestamp>| until.is_some_and(|until| until <= now);
        let is_closed = |agent: &AgentRow| is_over(agent.online_until);
        let member = |agent: &AgentRow| Candidate {
            user: agent.user,
            role: Some(agent.role),
            assigned: assigned.contains(&agent.user),
            presence: agent.presence,
            page: match agent.page {
                Page::Open | Page::NotReady if is_closed(agent) => Page::Closed,
                Page::Open if is_over(agent.page_ready_until) => Page::NotReady,
                page => page,
            },
            activity: agent.availability(wrap_up).activity,
            idle_since: agent.idle_since,
            rung_in: None,
        };
        // Somebody who takes no calls here any more.
        let stranger = |user: &UserId| Candidate {
            user: *user,
            role: None,
            assigned: true,
            presence: Presence::Unknown,
            page: Page::Unknown,
            activity: Activity::Idle,
            idle_since: None,
            rung_in: None,
        };
        let is_member = |user: &UserId| members.iter().any(|agent| agent.user == *user);
        let strangers = assigned.iter().filter(|user| !is_member(user)).map(stranger);
        let closed =
            |agent: &AgentRow| Some((agent.user, now.since(agent.page_missing_since(now)?)));
        Self {
            contact,
            candidates: members.iter().map(member).chain(strangers).collect(),
            closed: members.iter().filter_map(closed).collect(),
            call_is_over: false,
        }
    }
}

/// Reads the rows of [`CALLER`].
pub(crate) fn caller(rows: &[Row]) -> Caller {
    let mut found = Caller {
        contacts: Vec::new(),
        call_is_over: rows.first().is_some_and(|row| row.get("call_is_over")),
    };
    let mut places: BTreeMap<ContactId, usize> = BTreeMap::new();
    for row in rows {
        let Some(id) = sql::contact(row, "contact_id") else { continue };
        let place = *places.entry(id).or_insert(found.contacts.len());
        if place == found.contacts.len() {
            found.contacts.push(FoundContact {
                contact: KnownContact { id, name: row.get("name") },
                number: row.get::<_, Option<&str>>("number").unwrap_or_default().to_owned(),
                assigned: Vec::new(),
            });
        }
        found.contacts[place].assigned.extend(sql::user(row, "user_id"));
    }
    found
}

/// The contact that has this number, of the rows of [`CALLER`].
pub(crate) fn contact_with(
    rows: &[Row],
    number: &PhoneNumber,
    home: Country,
) -> Option<KnownContact> {
    caller(rows).with(number, home).map(|found| found.contact)
}

/// The most members of a workspace that are read; the same number stands in the schema.
pub const MOST_MEMBERS: usize = 1_000;

/// Workspace, endings of the caller's number, call: a transaction of its own, or a part of one.
pub const CALLER: &str = "select * from voice.caller($1, $2, $3)";
