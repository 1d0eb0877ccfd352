//! The decision.

use alloc::vec::Vec;

use identity::{Timestamp, UserId};

use crate::policy::{AssignedUnanswered, AssignedUnavailable};
use crate::{
    Availability, Because, Caller, Candidate, Decision, Ending, Order, Policy, Reason, Scope,
    Verdict,
};

/// The most users in one wave: Twilio takes no more than ten nouns in one `<Dial>`.
pub const WAVE_SIZE: usize = 10;

/// Decides who rings for a call, and says why about every candidate.
///
/// `candidates` are the members of the workspace who take calls and the others to whom the contact
/// is assigned, in any order. `next_wave` is the number of the first wave to decide: 1 when the
/// call arrives, k + 1 when wave k was not answered; then the candidates carry in `rung_in` who has
/// rung in this call. Zero counts as 1.
///
/// A person who is listed twice counts once. If the entries differ, the one that rings less counts:
/// its state, the earlier wave, the later `idle_since`.
///
/// # Termination
///
/// Each wave rings at least one person who has not rung in this call, no wave has a number above
/// [`Policy::last_wave`], and a decision without waves never ends in [`Ending::Everyone`]. So a
/// server that rings [`Decision::next`] and asks again cannot loop.
///
/// # Examples
///
/// ```
/// use identity::{ContactId, Timestamp, UserId};
/// use routing::{Activity, Caller, Candidate, Page, Policy, Presence, Reason, Role, Scope, resolve};
///
/// let agent = |id: u8| Candidate {
///     user: UserId::from_bytes([id; 16]),
///     role: Some(Role::Agent),
///     assigned: false,
///     presence: Presence::Available,
///     page: Page::Open,
///     activity: Activity::Idle,
///     idle_since: None,
///     rung_in: None,
/// };
/// let candidates = [agent(1), Candidate { assigned: true, ..agent(2) }];
/// let caller = Caller::Contact(ContactId::from_bytes([9; 16]));
/// let now = Timestamp::from_unix_seconds(1_767_225_600);
///
/// let decision = resolve(caller, &candidates, &Policy::default(), 1, now);
/// assert_eq!(decision.scope, Scope::Assigned);
/// assert_eq!(decision.waves, [[candidates[1].user]]);
/// assert_eq!(decision.verdicts[1].reason, Reason::NotAssigned);
/// ```
pub fn resolve(
    caller: Caller,
    candidates: &[Candidate],
    policy: &Policy,
    next_wave: u16,
    now: Timestamp,
) -> Decision {
    let people = one_each(candidates);
    let scope = scope(caller, &people, policy, now);
    let first_wave = next_wave.max(1);
    let waves_left = usize::from((policy.last_wave() + 1).saturating_sub(first_wave));

    let mut ready: Vec<&Candidate> =
        people.iter().filter(|person| hindrance(person, scope, now).is_none()).collect();
    ready.sort_unstable_by_key(|person| ring_key(person, policy.order));
    let (ringing, beyond) = ready.split_at(ready.len().min(waves_left * WAVE_SIZE));

    let mut waves: Vec<Vec<UserId>> = Vec::with_capacity(ringing.len().div_ceil(WAVE_SIZE));
    let mut verdicts = Vec::with_capacity(people.len());
    for (members, wave) in ringing.chunks(WAVE_SIZE).zip(first_wave..) {
        waves.push(members.iter().map(|person| person.user).collect());
        verdicts.extend(members.iter().map(|person| verdict(person, Reason::Rings { wave })));
    }
    verdicts.extend(people.iter().filter_map(|person| {
        let reason = hindrance(person, scope, now);
        let beyond = || beyond.iter().any(|other| other.user == person.user);
        reason.or_else(|| beyond().then_some(Reason::BeyondLastWave)).map(|r| verdict(person, r))
    }));
    let then = ending(scope, policy, !waves.is_empty() && waves.len() < waves_left);
    Decision { scope, first_wave, waves, verdicts, then }
}

const fn verdict(person: &Candidate, reason: Reason) -> Verdict {
    Verdict { user: person.user, assigned: person.assigned, reason }
}

/// The agents that the call is for, by the states now and by who has rung already.
fn scope(caller: Caller, people: &[Candidate], policy: &Policy, now: Timestamp) -> Scope {
    if caller == Caller::Unknown {
        return Scope::Everyone { because: Because::UnknownCaller };
    }
    let assigned = || people.iter().filter(|person| person.assigned && person.role.is_some());
    if assigned().next().is_none() {
        // An assignment to somebody who left must not leave the caller with nobody.
        return Scope::Everyone { because: Because::NotAssigned };
    }
    let because = if assigned().any(|person| person.rung_in.is_some()) {
        Because::AssignedUnanswered
    } else {
        Because::AssignedUnavailable
    };
    // Once others have rung, the call stays with everybody: an assigned agent who becomes free
    // later rings first, not alone.
    if people.iter().any(|person| !person.assigned && person.rung_in.is_some()) {
        return Scope::Everyone { because };
    }
    if assigned().any(|person| hindrance(person, Scope::Assigned, now).is_none()) {
        return Scope::Assigned;
    }
    let widen = match because {
        Because::AssignedUnanswered => policy.assigned_unanswered == AssignedUnanswered::Everyone,
        _ => policy.assigned_unavailable == AssignedUnavailable::Everyone,
    };
    if widen { Scope::Everyone { because } } else { Scope::Nobody { because } }
}

/// Why somebody does not ring, without regard to the number of waves; `None` if they can.
fn hindrance(person: &Candidate, scope: Scope, now: Timestamp) -> Option<Reason> {
    if person.role.is_none() {
        return Some(Reason::NotMember);
    }
    if let Some(wave) = person.rung_in {
        return Some(Reason::AlreadyRang { wave });
    }
    if !person.assigned && !matches!(scope, Scope::Everyone { .. }) {
        return Some(Reason::NotAssigned);
    }
    let Candidate { activity, presence, page, .. } = *person;
    Availability { activity, presence, page, is_offered: false }.reason(now)
}

/// Assigned agents before others, then the policy's order, then the user id.
fn ring_key(person: &Candidate, order: Order) -> impl Ord + use<> {
    let rank = match order {
        Order::LongestIdle => None,
        Order::AgentsFirst => person.role,
    };
    (!person.assigned, rank, person.idle_since, person.user)
}

/// What follows the last wave; `more` says whether another wave may ring after it.
const fn ending(scope: Scope, policy: &Policy, more: bool) -> Ending {
    match (scope, policy.assigned_unanswered) {
        (Scope::Everyone { .. }, _) => policy.everyone_unanswered.ending(),
        (_, AssignedUnanswered::GoodBye) => Ending::GoodBye,
        (_, AssignedUnanswered::Voicemail) => Ending::Voicemail,
        (_, AssignedUnanswered::Everyone) if more => Ending::Everyone,
        (_, AssignedUnanswered::Everyone) => policy.everyone_unanswered.ending(),
    }
}

/// Every person once, by user id.
fn one_each(candidates: &[Candidate]) -> Vec<Candidate> {
    let mut people = candidates.to_vec();
    people.sort_unstable();
    people.dedup_by(|other, kept| {
        let same = other.user == kept.user;
        if same {
            merge(kept, other);
        }
        same
    });
    people
}

/// Takes of two entries for one person what rings less, in a way that does not depend on the order.
fn merge(kept: &mut Candidate, other: &Candidate) {
    kept.role = kept.role.max(other.role);
    kept.assigned |= other.assigned;
    kept.presence = kept.presence.max(other.presence);
    kept.page = kept.page.max(other.page);
    kept.activity = kept.activity.max(other.activity);
    kept.idle_since = kept.idle_since.max(other.idle_since);
    kept.rung_in = match (kept.rung_in, other.rung_in) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    };
}
