//! Session tokens, good ones and others.

use harness::session::{claims, now, sign};
use identity::UserId;
use serde_json::{Value, json};

use crate::planted::{FORGED_SECRET, SESSION_SECRET};

/// The kind of a session token.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    /// As the live chat issues it.
    Good,
    /// Expired an hour ago.
    Expired,
    /// Signed with another secret.
    Forged,
    /// The public key of a Supabase project, which is a token of the same secret.
    Anonymous,
    /// The secret key of a Supabase project.
    Service,
    /// For another audience.
    Elsewhere,
}

/// A token for a user.
pub(crate) fn session(kind: Kind, user: UserId) -> String {
    let now = now();
    let good = claims(&user.to_string(), 7200);
    match kind {
        Kind::Good => sign(&good, SESSION_SECRET),
        Kind::Forged => sign(&good, FORGED_SECRET),
        Kind::Expired => sign(&with(&good, "exp", json!(now - 3600)), SESSION_SECRET),
        Kind::Elsewhere => sign(&with(&good, "aud", json!("elsewhere")), SESSION_SECRET),
        Kind::Anonymous => {
            sign(&json!({ "role": "anon", "iss": "supabase", "exp": now + 7200 }), SESSION_SECRET)
        }
        Kind::Service => sign(&with(&good, "role", json!("service_role")), SESSION_SECRET),
    }
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}
