//! The roster of a call: everything that a voice webhook needs to know, in one round trip.

use std::time::Duration;

use calls::LONGEST_CALL;
use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId, WorkspaceId};
use routing::Candidate;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::Store;
use crate::agents::{activity, works_until};
use crate::error::StoreError;
use crate::scope::Scope;
use crate::sql;
use crate::text::{believed, join};
use crate::words::TAKES_CALLS;

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
    /// The name somebody entered, whatever it contains.
    pub name: Option<String>,
}

impl Store {
    /// Looks up caller, assignments, members and their state for one call.
    ///
    /// `caller` is `None` for a withheld number. Of several contacts with the same number the one with
    /// an assignment counts, then the oldest; of very many, only the 50 oldest are looked at. At most
    /// [`MOST_MEMBERS`] members are read, by id. `wrap_up` is the length of the wrap-up after a call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn roster(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        call: CallSid,
        wrap_up: Duration,
        now: Timestamp,
    ) -> Result<Roster, StoreError> {
        let caller = caller.map(PhoneNumber::as_str);
        let oldest = sql::system(now.before(LONGEST_CALL));
        let _turn = self.webhook_shares.turn(workspace).await?;
        let rows = Scope::Webhook(workspace)
            .run(&self.webhook, ROSTER, &[&workspace.as_str(), &caller, &call.as_str(), &oldest])
            .await?;
        Ok(Roster {
            contact: rows.first().and_then(known_contact),
            candidates: rows.iter().filter_map(|row| candidate(row, wrap_up)).collect(),
            closed: rows.iter().filter_map(closed).collect(),
            call_is_over: rows.first().is_some_and(|row| row.get("call_is_over")),
        })
    }
}

pub(crate) fn known_contact(row: &Row) -> Option<KnownContact> {
    let id = sql::contact(row, "contact_id")?;
    Some(KnownContact { id, name: row.get("contact_name") })
}

fn candidate(row: &Row, wrap_up: Duration) -> Option<Candidate> {
    let user: Option<Uuid> = row.get("user_id");
    let (ended, ready) = (sql::moment(row, "idle_since"), sql::moment(row, "ready_since"));
    Some(Candidate {
        user: UserId::from_bytes(*user?.as_bytes()),
        role: sql::role(row),
        assigned: row.get("assigned"),
        presence: sql::presence(row),
        page: sql::page(row),
        activity: activity(row.get("on_call"), works_until(ended, ready, wrap_up)),
        idle_since: ended,
        rung_in: None,
    })
}

/// The agent of a row, if their lease has run out, and how long ago.
fn closed(row: &Row) -> Option<(UserId, Duration)> {
    let seconds: Option<f64> = row.get("closed_for");
    let ago = Duration::try_from_secs_f64(seconds?).ok()?;
    Some((sql::user(row, "user_id")?, ago))
}

/// The most members of a workspace that are read; the same number stands in the statements.
pub const MOST_MEMBERS: usize = 1_000;

/// The contact with a number: of several the one with an assignment, then the oldest.
///
/// However many contacts have the number, the work is bounded: the first 1,000 that the index gives are
/// read, and the 50 oldest of them are asked for an assignment. A name is cut before it is sent.
macro_rules! contact_by_number {
    ($number:expr) => {
        $crate::text::join!(
            "select c.id, left(c.display_name, 200) as display_name from ( \
               select n.* from (select m.id, m.display_name, m.created_at \
                 from public.livechat_contacts m where m.workspace_id = $1 and m.phone_number = ",
            $number,
            " limit 1000) n order by n.created_at, n.id limit 50) c \
             order by exists (select from public.livechat_contact_assignments a \
                where a.workspace_id = $1 and a.contact_id = c.id and a.status = 'active') desc, \
              c.created_at, c.id \
            limit 1"
        )
    };
}

pub(crate) use contact_by_number;

/// Whether a call is over: Twilio said so, in a callback or in its record, or two people were
/// connected in it. Then the request is a replay, or Twilio's fallback URL asks again because a step
/// after the Dial failed. In both cases nobody must be rung a second time.
///
/// The end of a Dial does not count, because another wave or the good-bye may follow. A deadline does
/// not count either, because it may be wrong. The agent's own leg of an outbound call has the call's
/// Sid.
macro_rules! call_is_over {
    ($call:expr) => {
        $crate::text::join!(
            "(exists (select from public.voice_events e where e.workspace_id = $1 \
               and e.call_sid = ",
            $call,
            " and e.key ",
            $crate::words::IS_OVER,
            ") or exists (select from public.voice_legs l where l.workspace_id = $1 \
               and l.call_sid = ",
            $call,
            " and l.leg_sid <> l.call_sid and l.answered_at is not null)) as call_is_over"
        )
    };
}

pub(crate) use call_is_over;

/// The routing lookup: workspace, caller's number, call, oldest answer that still counts.
///
/// One row per candidate, and one without a candidate if there is none.
pub const ROSTER: &str = join!(
    "with contact as (",
    contact_by_number!("$2"),
    "), \
assigned as ( \
  select distinct a.user_id from public.livechat_contact_assignments a \
  where a.workspace_id = $1 and a.contact_id = (select id from contact) and a.status = 'active' \
  order by a.user_id limit 1000), \
member as ( \
  select p.id, p.workspace_role from public.user_profiles p \
  where p.workspace_id = $1 and p.workspace_role ",
    TAKES_CALLS,
    " order by p.id limit 1000), \
talking as ( \
  select distinct l.user_id from public.voice_legs l \
  where l.workspace_id = $1 and l.ended_at is null and l.answered_at > $4), \
roster as ( \
  select u.user_id, u.workspace_role, u.assigned, g.presence, ",
    believed!("g.idle_since"),
    " as idle_since, \
    g.ready_since, g.online_until > now() as page_open, \
    extract(epoch from now() - g.online_until)::float8 as closed_for, \
    t.user_id is not null as on_call \
  from (select coalesce(m.id, a.user_id) as user_id, m.workspace_role, \
      a.user_id is not null as assigned \
    from member m full join assigned a on a.user_id = m.id) u \
  left join public.voice_agents g on g.workspace_id = $1 and g.user_id = u.user_id \
  left join talking t on t.user_id = u.user_id) \
select c.id as contact_id, c.display_name as contact_name, ",
    call_is_over!("$3"),
    ", roster.* \
from (values (1)) one left join contact c on true left join roster on true"
);
