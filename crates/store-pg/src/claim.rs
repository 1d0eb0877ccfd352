//! The claim of an outbound call, in one round trip.

use calls::LONGEST_CALL;
use dialling::Country;
use identity::{CallSid, PhoneNumber, Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use tokio_postgres::types::{Json, ToSql};

use crate::Store;
use crate::error::StoreError;
use crate::roster::{CALLER, KnownContact, contact_with};
use crate::scope::Scope;

/// What is known when an agent calls out.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, told apart by name")]
pub struct Dialling {
    /// Whether the agent is a member who takes calls.
    pub is_member: bool,
    /// Whether the agent is on another call, or placing one, here or in another workspace of the account.
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
        let claimed: &[&(dyn ToSql + Sync)] = &[&id, &asked];
        let (number, home) = (asked.0.number, claim.home);
        let (endings, call) = (dialling::endings(number), asked.0.call);
        let caller: &[&(dyn ToSql + Sync)] = &[&id, &endings, &call.as_str()];
        let statements = [(LOCK_CLAIMS, lock), (CALLER, caller), (CLAIM_CALL, claimed)];
        let _turn = self.webhook_shares.turn(workspace).await?;
        let mut answers = Scope::Webhook(workspace).run_all(&self.webhook, &statements).await?;
        let rows = answers.pop().unwrap_or_default();
        let row = rows.first().ok_or_else(|| StoreError::Corrupt("no row".to_owned()))?;
        Ok(Dialling {
            is_member: row.get("is_member"),
            on_call: row.get("on_call"),
            placed: row.get("placed"),
            placed_by_all: row.get("placed_by_all"),
            claimed: row.get("claimed"),
            contact: answers.pop().and_then(|rows| contact_with(&rows, number, home)),
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
    /// Where the workspace's people write the numbers of contacts.
    pub home: Country,
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

/// Makes the claims of one workspace wait for each other. The next statement of the transaction then
/// sees all earlier claims.
pub(crate) const LOCK_CLAIMS: &str =
    "select pg_advisory_xact_lock(hashtextextended('claims ' || $1::text, 0))";

/// The claim of an outbound call: workspace, and the fields of `Asked` as JSON.
pub const CLAIM_CALL: &str = "with asked as materialized (select * from jsonb_to_record($2::jsonb) as a (agent uuid, \
       number text, call text, max_own bigint, own_since timestamptz, max_of_all bigint, \
       of_all_since timestamptz, oldest_call timestamptz, now timestamptz)), \
known as ( \
  select voice.takes_calls((select agent from asked)) as is_member, \
    exists (select from public.voice_legs l where l.workspace_id = $1 \
      and l.user_id = (select agent from asked) and l.ended_at is null \
      and l.answered_at > (select oldest_call from asked) \
      and l.call_sid <> (select call from asked)) \
    or exists (select from public.voice_dials d \
      left join public.voice_calls v on v.workspace_id = $1 and v.call_sid = d.call_sid \
      where d.workspace_id = $1 and d.user_id = (select agent from asked) \
        and d.call_sid <> (select call from asked) \
        and d.dialled_at > (select oldest_call from asked) and v.ended_at is null) \
    or exists (select from voice.busy_elsewhere((select oldest_call from asked)) e (user_id) \
      where e.user_id = (select agent from asked)) as on_call, \
    (select count(*) from public.voice_dials d where d.workspace_id = $1 \
      and d.user_id = (select agent from asked) \
      and d.dialled_at > (select own_since from asked) \
      and d.call_sid <> (select call from asked)) as placed, \
    (select count(*) from public.voice_dials d where d.workspace_id = $1 \
      and d.dialled_at > (select of_all_since from asked) \
      and d.call_sid <> (select call from asked)) as placed_by_all, \
    voice.call_is_over((select call from asked)) as call_is_over), \
claimed as ( \
  insert into public.voice_dials (workspace_id, call_sid, user_id, dialled_at) \
    select $1, a.call, a.agent, a.now from known k cross join asked a \
    where k.is_member and not k.on_call and k.placed < a.max_own \
      and k.placed_by_all < a.max_of_all and not k.call_is_over \
  on conflict (workspace_id, call_sid) do nothing returning call_sid) \
select k.*, \
  exists (select from claimed) or exists (select from public.voice_dials d \
    where d.workspace_id = $1 and d.call_sid = (select call from asked) \
      and d.user_id = (select agent from asked)) as claimed \
from known k";

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
