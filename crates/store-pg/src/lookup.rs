//! What a voice webhook needs to know, in one round trip.

use std::time::Duration;

use calls::LONGEST_CALL;
use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId, WorkspaceId};
use routing::Candidate;
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::Store;
use crate::agents::{activity, works_until};
use crate::error::StoreError;
use crate::scope::Scope;
use crate::sql;
use crate::text::join;
use crate::words::{IS_OVER, TAKES_CALLS};

/// What is known when a call rings: who calls, and who could take it.
#[derive(Clone, Debug, PartialEq)]
pub struct Roster {
    /// The contact with the caller's number.
    pub contact: Option<KnownContact>,
    /// Every member who takes calls, and everybody who is assigned to the contact. Which of them rang
    /// in this call already is not known here: the carrier's request says it.
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, told apart by name")]
pub struct Dialling {
    /// Whether the agent is a member who takes calls.
    pub is_member: bool,
    /// Whether the agent is on another call, or placing one.
    pub on_call: bool,
    /// How many other calls the agent placed since [`Claim::since`].
    pub placed: i64,
    /// How many other calls all agents placed since [`Claim::since_of_all`].
    pub placed_by_all: i64,
    /// Whether this call may be dialled. If so, it counts from now on.
    pub claimed: bool,
    /// The contact with the dialled number.
    pub contact: Option<KnownContact>,
    /// Whether this very call is over already: the request is a replay.
    pub call_is_over: bool,
}

impl Store {
    /// Looks up caller, assignments, members and their state for one call.
    ///
    /// `caller` is `None` for a withheld number. Of several contacts with the same number the one with
    /// an assignment counts, then the oldest. `wrap_up` is the length of the wrap-up after a call.
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
        let rows = Scope::Webhook(workspace)
            .run(&self.webhook, ROSTER, &[&workspace.as_str(), &caller, &call.as_str(), &oldest])
            .await?;
        Ok(Roster {
            contact: rows.first().and_then(known_contact),
            candidates: rows.iter().filter_map(|row| candidate(row, wrap_up)).collect(),
            call_is_over: rows.first().is_some_and(|row| row.get("call_is_over")),
        })
    }

    /// Claims an outbound call for an agent, if the agent is a member, on no other call, and has
    /// placed fewer than `limit` calls since `since`, and all agents fewer than `limit_of_all` since
    /// `since_of_all`.
    ///
    /// Claims of one workspace wait for each other, so the limits are exact: for any number of claims
    /// at once, on any number of servers. Claiming the same call again gives the same answer.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn claim_call(
        &self,
        workspace: &WorkspaceId,
        claim: &Claim<'_>,
        now: Timestamp,
    ) -> Result<Dialling, StoreError> {
        let asked = Json(Asked {
            agent: claim.agent,
            number: claim.number,
            call: claim.call,
            max_own: claim.limit,
            own_since: claim.since,
            max_of_all: claim.limit_of_all,
            of_all_since: claim.since_of_all,
            oldest_call: now.before(LONGEST_CALL),
            now,
        });
        let id = workspace.as_str();
        let lock: &[&(dyn ToSql + Sync)] = &[&id];
        let claim: &[&(dyn ToSql + Sync)] = &[&id, &asked];
        let statements = [(LOCK_CLAIMS, lock), (CLAIM_CALL, claim)];
        let mut answers = Scope::Webhook(workspace).run_all(&self.webhook, &statements).await?;
        let rows = answers.pop().unwrap_or_default();
        let row = rows.first().ok_or_else(|| StoreError::Corrupt("no row".to_owned()))?;
        Ok(Dialling {
            is_member: row.get("is_member"),
            on_call: row.get("on_call"),
            placed: row.get("placed"),
            placed_by_all: row.get("placed_by_all"),
            claimed: row.get("claimed"),
            contact: known_contact(row),
            call_is_over: row.get("call_is_over"),
        })
    }
}

/// An agent who wants to call a number, and the limits.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The agent.
    pub agent: UserId,
    /// The number.
    pub number: &'a PhoneNumber,
    /// The call.
    pub call: CallSid,
    /// How many calls the agent may place after `since`.
    pub limit: u32,
    /// Since when the agent's calls count.
    pub since: Timestamp,
    /// How many calls all agents together may place after `since_of_all`.
    pub limit_of_all: u32,
    /// Since when the calls of all agents count.
    pub since_of_all: Timestamp,
}

fn known_contact(row: &Row) -> Option<KnownContact> {
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

/// The contact with a number: of several the one with an assignment, then the oldest.
macro_rules! contact_by_number {
    ($number:expr) => {
        $crate::text::join!(
            "select c.id, c.display_name from public.livechat_contacts c \
             where c.workspace_id = $1 and c.phone_number = ",
            $number,
            " order by exists (select from public.livechat_contact_assignments a \
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
        join!(
            "(exists (select from public.voice_events e where e.workspace_id = $1 \
               and e.call_sid = ",
            $call,
            " and e.key ",
            IS_OVER,
            ") or exists (select from public.voice_legs l where l.workspace_id = $1 \
               and l.call_sid = ",
            $call,
            " and l.leg_sid <> l.call_sid and l.answered_at is not null)) as call_is_over"
        )
    };
}

/// The routing lookup: workspace, caller's number, call, oldest answer that still counts.
///
/// One row per candidate, and one without a candidate if there is none.
pub const ROSTER: &str = join!(
    "with contact as (",
    contact_by_number!("$2"),
    "), \
assigned as ( \
  select distinct a.user_id from public.livechat_contact_assignments a \
  where a.workspace_id = $1 and a.contact_id = (select id from contact) and a.status = 'active'), \
member as ( \
  select p.id, p.workspace_role from public.user_profiles p \
  where p.workspace_id = $1 and p.workspace_role ",
    TAKES_CALLS,
    "), \
talking as ( \
  select distinct l.user_id from public.voice_legs l \
  where l.workspace_id = $1 and l.ended_at is null and l.answered_at > $4), \
roster as ( \
  select u.user_id, u.workspace_role, u.assigned, g.presence, g.idle_since, \
    g.ready_since, g.online_until > now() as page_open, t.user_id is not null as on_call \
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

/// Makes the claims of one workspace wait for each other. The next statement of the transaction then
/// sees all earlier claims.
pub(crate) const LOCK_CLAIMS: &str =
    "select pg_advisory_xact_lock(hashtextextended('claims ' || $1::text, 0))";

/// The claim of an outbound call: workspace, and the fields of `Asked` as JSON.
pub const CLAIM_CALL: &str = join!(
    "with asked as materialized (select * from jsonb_to_record($2::jsonb) as a (agent uuid, \
       number text, call text, max_own bigint, own_since timestamptz, max_of_all bigint, \
       of_all_since timestamptz, oldest_call timestamptz, now timestamptz)), \
contact as (",
    contact_by_number!("(select number from asked)"),
    "), \
known as ( \
  select exists (select from public.user_profiles p where p.workspace_id = $1 \
      and p.id = (select agent from asked) and p.workspace_role ",
    TAKES_CALLS,
    ") as is_member, \
    exists (select from public.voice_legs l where l.workspace_id = $1 \
      and l.user_id = (select agent from asked) and l.ended_at is null \
      and l.answered_at > (select oldest_call from asked) \
      and l.call_sid <> (select call from asked)) \
    or exists (select from public.voice_dials d \
      left join public.voice_calls v on v.workspace_id = $1 and v.call_sid = d.call_sid \
      where d.workspace_id = $1 and d.user_id = (select agent from asked) \
        and d.call_sid <> (select call from asked) \
        and d.dialled_at > (select oldest_call from asked) and v.ended_at is null) as on_call, \
    (select count(*) from public.voice_dials d where d.workspace_id = $1 \
      and d.user_id = (select agent from asked) \
      and d.dialled_at > (select own_since from asked) \
      and d.call_sid <> (select call from asked)) as placed, \
    (select count(*) from public.voice_dials d where d.workspace_id = $1 \
      and d.dialled_at > (select of_all_since from asked) \
      and d.call_sid <> (select call from asked)) as placed_by_all, ",
    call_is_over!("(select call from asked)"),
    "), \
claimed as ( \
  insert into public.voice_dials (workspace_id, call_sid, user_id, dialled_at) \
    select $1, a.call, a.agent, a.now from known k cross join asked a \
    where k.is_member and not k.on_call and k.placed < a.max_own \
      and k.placed_by_all < a.max_of_all and not k.call_is_over \
  on conflict (workspace_id, call_sid) do nothing returning call_sid) \
select c.id as contact_id, c.display_name as contact_name, k.*, \
  exists (select from claimed) or exists (select from public.voice_dials d \
    where d.workspace_id = $1 and d.call_sid = (select call from asked) \
      and d.user_id = (select agent from asked)) as claimed \
from known k left join contact c on true"
);

/// The parameters of [`CLAIM_CALL`] by name, so that they cannot be mixed up.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    agent: UserId,
    number: &'a PhoneNumber,
    call: CallSid,
    max_own: u32,
    own_since: Timestamp,
    max_of_all: u32,
    of_all_since: Timestamp,
    /// The start of the oldest call that may still last.
    oldest_call: Timestamp,
    now: Timestamp,
}
