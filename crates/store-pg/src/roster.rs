//! The roster of a call: who calls, and who could take it.

use std::collections::BTreeMap;
use std::time::Duration;

use dialling::Country;
use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId, WorkspaceId};
use routing::{Activity, Candidate, Page, Presence};
use tokio_postgres::Row;

use crate::Store;
use crate::agents::{self, AgentRow, MEMBERS};
use crate::changes::HEAD;
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
    /// The contacts whose number may be the caller's, oldest first, at most 50.
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

/// The members of a workspace who take calls, and what they are doing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Members {
    /// The number of the last change that is surely in it. Later changes may be in it too.
    pub seq: i64,
    /// The members by name, at most [`MOST_MEMBERS`].
    pub agents: Vec<AgentRow>,
}

impl Store {
    /// Asks who calls: the contacts whose number ends in one of `tails`, who is assigned to them, and
    /// whether the call is over. An assignment counts if it was committed before the question.
    ///
    /// One statement without a transaction around it. Without `tails`, there are no contacts.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn caller(
        &self,
        workspace: &WorkspaceId,
        tails: &[String],
        call: CallSid,
    ) -> Result<Caller, StoreError> {
        let _turn = self.webhook_shares.turn(workspace).await?;
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
            &[&workspace.as_str(), &tails, &call.as_str()];
        Ok(caller(&alone(&self.webhook, CALLER, params).await?))
    }

    /// Reads the members who take calls, and what they are doing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn members(
        &self,
        workspace: &WorkspaceId,
        now: Timestamp,
    ) -> Result<Members, StoreError> {
        let id = workspace.as_str();
        let (answered_after, rang_after) = agents::oldest(now);
        let _turn = self.webhook_shares.turn(workspace).await?;
        // The number is read first, so that everything read after it is at least as new.
        let rows = Scope::Webhook(workspace)
            .run_all(
                &self.webhook,
                &[(HEAD, &[&id]), (MEMBERS, &[&id, &answered_after, &rang_after])],
            )
            .await?;
        let [head, agents] = &rows[..] else { return Err(StoreError::missing_answer()) };
        Ok(Members {
            seq: head.first().map_or(0, |row| row.get("seq")),
            agents: agents.iter().map(agents::agent).collect::<Result<_, _>>()?,
        })
    }

    /// Looks up caller, assignments, members and their state for one call.
    ///
    /// `caller` is `None` for a withheld number; contacts are read as people in `home` write them. At most [`MOST_MEMBERS`] members are read, by id.
    /// `wrap_up` is the length of the wrap-up after a call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn roster(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        home: Country,
        call: CallSid,
        wrap_up: Duration,
        now: Timestamp,
    ) -> Result<Roster, StoreError> {
        let id = workspace.as_str();
        let tails = caller.map(dialling::tails).unwrap_or_default();
        let (answered_after, rang_after) = agents::oldest(now);
        let _turn = self.webhook_shares.turn(workspace).await?;
        let rows = Scope::Webhook(workspace)
            .run_all(
                &self.webhook,
                &[
                    (CALLER, &[&id, &tails, &call.as_str()]),
                    (MEMBERS, &[&id, &answered_after, &rang_after]),
                ],
            )
            .await?;
        let [asked, members] = &rows[..] else { return Err(StoreError::missing_answer()) };
        let members = members.iter().map(agents::agent).collect::<Result<Vec<_>, _>>()?;
        let asked = self::caller(asked);
        let call_is_over = asked.call_is_over;
        let found = caller.and_then(|number| asked.with(number, home));
        let (contact, assigned) =
            found.map_or((None, Vec::new()), |found| (Some(found.contact), found.assigned));
        let closed = |agent: &AgentRow| {
            let until = agent.online_until.filter(|_| agent.page == Page::Closed)?;
            Some((agent.user, now.since(until)))
        };
        Ok(Roster {
            contact,
            closed: members.iter().filter_map(closed).collect(),
            candidates: candidates(&members, &assigned, wrap_up),
            call_is_over,
        })
    }
}

/// The members, and those of the assigned users who are none.
fn candidates(members: &[AgentRow], assigned: &[UserId], wrap_up: Duration) -> Vec<Candidate> {
    let member = |agent: &AgentRow| Candidate {
        user: agent.user,
        role: Some(agent.role),
        assigned: assigned.contains(&agent.user),
        presence: agent.presence,
        page: agent.page,
        activity: agent.availability(wrap_up).activity,
        idle_since: agent.idle_since,
        rung_in: None,
    };
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
    members.iter().map(member).chain(strangers).collect()
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

/// Workspace, last digits, call: a transaction of its own, or a part of one.
pub const CALLER: &str = "select * from voice.caller($1, $2, $3)";
