//! Policies, reasons and decisions as the store writes them.

use core::time::Duration;

use routing::{
    AssignedUnanswered, Because, Caller, Decision, Policy, Presence, Reason, Role, Scope, resolve,
};
use serde_json::json;

use crate::support::*;

#[test]
fn a_policy_may_leave_anything_out() {
    let policy: Policy = serde_json::from_value(json!({})).expect("parses");
    assert_eq!(policy, Policy::default());
    let given = json!({
        "ring_seconds": 20, "assigned_unavailable": "everyone", "assigned_unanswered": "voicemail",
        "everyone_unanswered": "good_bye", "max_waves": 3, "order": "agents_first",
    });
    let policy: Policy = serde_json::from_value(given.clone()).expect("parses");
    assert_eq!(policy.ring, Duration::from_secs(20));
    assert_eq!(policy.assigned_unanswered, AssignedUnanswered::Voicemail);
    assert_eq!(serde_json::to_value(policy).expect("serializes"), given);
    let wrong = json!({"order": "random"});
    let error = serde_json::from_value::<Policy>(wrong).expect_err("no such order");
    assert_eq!(error.to_string(), "order is none of the known codes");
}

#[test]
fn reasons_and_scopes_carry_their_codes() {
    let reasons = [
        (Reason::Rings { wave: 2 }, json!({"code": "rings", "wave": 2})),
        (Reason::BeyondLastWave, json!({"code": "beyond_last_wave"})),
        (Reason::AlreadyRang { wave: 1 }, json!({"code": "already_rang", "wave": 1})),
        (Reason::OnCall, json!({"code": "on_call"})),
        (
            Reason::WrapUp { until: at(9) },
            json!({"code": "wrap_up", "until": "2026-01-01T00:00:09Z"}),
        ),
        (Reason::Away, json!({"code": "away"})),
        (Reason::Offline, json!({"code": "offline"})),
        (Reason::PageClosed, json!({"code": "page_closed"})),
        (Reason::PageNotReady, json!({"code": "page_not_ready"})),
        (Reason::NotAssigned, json!({"code": "not_assigned"})),
        (Reason::NotMember, json!({"code": "not_member"})),
    ];
    for (reason, want) in reasons {
        assert_eq!(serde_json::to_value(reason).expect("serializes"), want);
        assert_eq!(want["code"], reason.code());
        assert_eq!(serde_json::from_value::<Reason>(want).expect("parses"), reason);
    }
    let scope = Scope::Everyone { because: Because::UnknownCaller };
    let want = json!({"code": "everyone", "because": "unknown_caller"});
    assert_eq!(serde_json::to_value(scope).expect("serializes"), want);
}

#[test]
fn decisions_and_codes_come_back() {
    let decision = resolve(Caller::Unknown, &team(12), &Policy::default(), 1, now());
    let text = serde_json::to_string(&decision).expect("serializes");
    assert_eq!(serde_json::from_str::<Decision>(&text).expect("parses"), decision);
    for presence in Presence::ALL {
        assert_eq!(presence.code().parse(), Ok(*presence));
    }
    assert_eq!("admin".parse(), Ok(Role::Admin));
}
