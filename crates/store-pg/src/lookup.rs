//! What a voice webhook needs to know, in one round trip.

use std::time::Duration;

use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId, WorkspaceId};
use routing::{Activity, Candidate, Presence, Role};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::scope::Scope;
use crate::sql;

/// What is known when a call rings: who calls, and who could take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// The contact with the caller's number.
    pub contact: Option<KnownContact>,
    /// Every member who takes calls, and everybody who is assigned to the contact. Who rang in
    /// this call already is not known here: the carrier's request says it.
    pub candidates: Vec<Candidate>,
    /// Whether this very call is over already: the request is a replay.
    pub call_is_over: bool,
}

/// A contact as the agent's page shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownContact {
    /// The contact.
    pub id: ContactId,
    /// The name somebody entered, whatever it contains.
    pub name: Option<String>,
}

/// What is known when an agent calls out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dialling {
    /// Whether the agent is a member that takes calls.
    pub is_member: bool,
    /// Whether the agent is on another call.
    pub on_call: bool,
    /// How many calls the agent placed since the moment that was asked for.
    pub placed: i64,
    /// The contact with the dialled number.
    pub contact: Option<KnownContact>,
    /// Whether this very call is over already: the request is a replay.
    pub call_is_over: bool,
}

impl Store {
    /// Looks up caller, assignments, members and their state for one call.
    ///
    /// `caller` is `None` for a withheld number. Of several contacts with the same number the one
    /// with an assignment is meant, then the oldest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn roster(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        call: CallSid,
        now: Timestamp,
    ) -> Result<Roster, StoreError> {
        let caller = caller.map(PhoneNumber::as_str);
        let oldest = sql::system(now.before(LONGEST_CALL));
        let rows = Scope::Webhook(workspace)
            .run(&self.webhook, ROSTER, &[&workspace.as_str(), &caller, &call.as_str(), &oldest])
            .await?;
        Ok(Roster {
            contact: rows.first().and_then(known_contact),
            candidates: rows.iter().filter_map(candidate).collect(),
            call_is_over: rows.first().is_some_and(|row| row.get("call_is_over")),
        })
    }

    /// Looks up whether an agent may call a number.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn dialling(
        &self,
        workspace: &WorkspaceId,
        agent: UserId,
        number: Option<&PhoneNumber>,
        call: CallSid,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Dialling, StoreError> {
        let number = number.map(PhoneNumber::as_str);
        let (oldest, since) = (sql::system(now.before(LONGEST_CALL)), sql::system(since));
        let rows = Scope::Webhook(workspace)
            .run(
                &self.webhook,
                DIALLING,
                &[&workspace.as_str(), &sql::uuid(agent), &number, &call.as_str(), &since, &oldest],
            )
            .await?;
        let row = rows.first().ok_or_else(|| StoreError::Corrupt("no row".to_owned()))?;
        Ok(Dialling {
            is_member: row.get("is_member"),
            on_call: row.get("on_call"),
            placed: row.get("placed"),
            contact: known_contact(row),
            call_is_over: row.get("call_is_over"),
        })
    }
}

fn known_contact(row: &Row) -> Option<KnownContact> {
    let id = sql::contact(row, "contact_id")?;
    Some(KnownContact { id, name: row.get("contact_name") })
}

fn candidate(row: &Row) -> Option<Candidate> {
    let user: Option<Uuid> = row.get("user_id");
    Some(Candidate {
        user: UserId::from_bytes(*user?.as_bytes()),
        role: role(row),
        assigned: row.get("assigned"),
        presence: presence(row),
        activity: if row.get("on_call") { Activity::OnCall } else { Activity::Idle },
        idle_since: sql::moment(row, "idle_since"),
        rung_in: None,
    })
}

/// The role, if it is one that takes calls.
pub(crate) fn role(row: &Row) -> Option<Role> {
    row.get::<_, Option<&str>>("workspace_role")?.parse().ok()
}

/// What the agent set by hand.
pub(crate) fn presence(row: &Row) -> Presence {
    let text: Option<&str> = row.get("presence");
    text.and_then(|text| text.parse().ok()).unwrap_or(Presence::Unknown)
}

/// Twilio ends every call after 14,400 s (Dial `timeLimit`); a leg that has been answered for
/// longer lost its last callback and keeps nobody busy.
const LONGEST_CALL: Duration = Duration::from_secs(14_400 + 300);

/// The routing lookup: workspace, caller's number, call, oldest answer that still counts.
///
/// One row per candidate, and one without a candidate if there is none.
pub const ROSTER: &str = "\
with contact as ( \
  select c.id, c.display_name from public.livechat_contacts c \
  where c.workspace_id = $1 and c.phone_number = $2 \
  order by exists (select from public.livechat_contact_assignments a \
      where a.workspace_id = $1 and a.contact_id = c.id and a.status = 'active') desc, \
    c.created_at, c.id \
  limit 1), \
assigned as ( \
  select distinct a.user_id from public.livechat_contact_assignments a \
  where a.workspace_id = $1 and a.contact_id = (select id from contact) and a.status = 'active'), \
member as ( \
  select p.id, p.workspace_role from public.user_profiles p \
  where p.workspace_id = $1 and p.workspace_role in ('agent', 'admin')), \
talking as ( \
  select distinct l.user_id from public.voice_legs l \
  where l.workspace_id = $1 and l.ended_at is null and l.answered_at > $4), \
roster as ( \
  select u.user_id, u.workspace_role, u.assigned, g.presence, g.idle_since, \
    t.user_id is not null as on_call \
  from (select coalesce(m.id, a.user_id) as user_id, m.workspace_role, \
      a.user_id is not null as assigned \
    from member m full join assigned a on a.user_id = m.id) u \
  left join public.voice_agents g on g.workspace_id = $1 and g.user_id = u.user_id \
  left join talking t on t.user_id = u.user_id) \
select c.id as contact_id, c.display_name as contact_name, \
  exists (select from public.voice_calls v where v.workspace_id = $1 and v.call_sid = $3 \
    and v.ended_at is not null) as call_is_over, \
  roster.* \
from (values (1)) one left join contact c on true left join roster on true";

/// The lookup of an outbound call: workspace, agent, number, call, since when calls count, oldest
/// answer that still counts.
pub const DIALLING: &str = "\
select c.id as contact_id, c.display_name as contact_name, \
  exists (select from public.user_profiles p where p.workspace_id = $1 and p.id = $2 \
    and p.workspace_role in ('agent', 'admin')) as is_member, \
  exists (select from public.voice_legs l where l.workspace_id = $1 and l.user_id = $2 \
    and l.ended_at is null and l.answered_at > $6 and l.call_sid <> $4) as on_call, \
  (select count(*) from public.voice_calls v where v.workspace_id = $1 and v.handled_by = $2 \
    and v.direction = 'outbound' and v.started_at > $5 and v.call_sid <> $4) as placed, \
  exists (select from public.voice_calls v where v.workspace_id = $1 and v.call_sid = $4 \
    and v.ended_at is not null) as call_is_over \
from (values (1)) one left join lateral ( \
  select c.id, c.display_name from public.livechat_contacts c \
  where c.workspace_id = $1 and c.phone_number = $3 \
  order by c.created_at, c.id limit 1) c on true";
