//! The policy of a workspace, as JSON in `voice_workspaces.policy`.

mod outbound;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use outbound::Outbound;
pub(crate) use outbound::refusal;

/// How a workspace answers. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Which roles of the live chat take calls. The database reads them.
    pub roles: Roles,
    /// Who rings, for how long, and what happens when nobody answers.
    pub routing: routing::Policy,
    /// Whether the caller's leg stays unanswered until an agent takes the call.
    pub answer_on_bridge: AnswerOnBridge,
    /// What the caller hears.
    pub messages: Messages,
    /// What agents may dial.
    pub outbound: Outbound,
    /// How long an agent does not ring after a call, in seconds; at most an hour counts.
    pub wrap_up_seconds: u32,
    /// After how many days calls are deleted with everything that is kept of them; `None` for never. The
    /// database reads it.
    pub retention_days: Option<u32>,
    /// After how many days the requests of calls are deleted; `None` for 30. The database reads it.
    pub params_days: Option<u32>,
}

impl Policy {
    /// How long an agent does not ring after a call.
    pub fn wrap_up(&self) -> Duration {
        Duration::from_secs(self.wrap_up_seconds.into()).min(LONGEST_WRAP_UP)
    }
}

/// The roles of the live chat whose members take calls, in lower case.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// Those of agents.
    pub agent: Vec<String>,
    /// Those of agents who are admins.
    pub admin: Vec<String>,
}

impl Default for Roles {
    fn default() -> Self {
        Self { agent: vec!["agent".to_owned()], admin: vec!["admin".to_owned()] }
    }
}

/// A typing mistake must not keep a team away for a day.
const LONGEST_WRAP_UP: Duration = Duration::from_secs(3_600);

/// Whether the caller hears the carrier's own ringing, and pays nothing, until the bridge.
///
/// It only helps if the Dial is the first verb and no other wave follows.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerOnBridge {
    /// When a call has one wave.
    #[default]
    OneWave,
    /// Never.
    Never,
    /// Always, also when several waves may follow each other.
    Always,
}

/// What the caller hears, spoken in `language`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Messages {
    /// A BCP 47 tag that Twilio can speak.
    pub language: String,
    /// Nobody answered.
    pub good_bye: String,
    /// We cannot look anything up at this moment.
    pub unavailable: String,
    /// Before the beep.
    pub voicemail: String,
    /// After the message.
    pub voicemail_done: String,
    /// To an agent whose call is not placed.
    pub refused: String,
    /// To an agent who reached nobody.
    pub unreached: String,
}

impl Default for Messages {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            language: text("en-US"),
            good_bye: text("We are sorry, nobody can take your call right now. Good-bye."),
            unavailable: text("We cannot take your call right now. Please try again later."),
            voicemail: text("Nobody can take your call right now. Leave a message after the tone."),
            voicemail_done: text("Thank you. Good-bye."),
            refused: text("This number cannot be called."),
            unreached: text("Nobody could be reached."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_may_be_absent() {
        let policy: Policy = serde_json::from_str("{}").unwrap();
        assert_eq!(policy.answer_on_bridge, AnswerOnBridge::OneWave);
        assert_eq!(policy.routing, routing::Policy::default());
        assert_eq!(policy.outbound.calls_per_hour, 30);
        assert_eq!(policy.wrap_up(), Duration::ZERO);
        let policy: Policy = serde_json::from_str(
            r#"{"routing":{"ring_seconds":20},"messages":{"good_bye":"Tschüss"}}"#,
        )
        .unwrap();
        assert_eq!(policy.routing.ring.as_secs(), 20);
        assert_eq!(policy.messages.good_bye, "Tschüss");
        assert_eq!(policy.messages.language, "en-US");
        let long = Policy { wrap_up_seconds: 90_000, ..policy };
        assert_eq!(long.wrap_up(), LONGEST_WRAP_UP);
    }

    #[test]
    fn a_misspelled_field_is_named() {
        let error = serde_json::from_str::<Policy>(r#"{"rooting":{}}"#).unwrap_err();
        assert!(error.to_string().starts_with("unknown field `rooting`"), "{error}");
    }
}
