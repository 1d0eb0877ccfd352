//! What a workspace has chosen, as JSON in `voice_workspaces.policy`.

use identity::PhoneNumber;
use serde::{Deserialize, Serialize};

/// How a workspace answers. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Whom to ring, how long, and what to do when nobody answers.
    pub routing: routing::Policy,
    /// Whether the caller's leg stays unanswered until an agent takes the call.
    pub answer_on_bridge: AnswerOnBridge,
    /// What the caller hears.
    pub messages: Messages,
    /// What agents may dial.
    pub outbound: Outbound,
}

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

/// What agents may dial. Toll fraud is the risk: what is not allowed is refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Prefixes that may be dialled, such as `+1` or `+4930`; none means the country of the
    /// workspace's own number.
    pub prefixes: Vec<String>,
    /// Calls that one agent may place within an hour.
    pub calls_per_hour: u32,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { prefixes: Vec::new(), calls_per_hour: 30 }
    }
}

impl Outbound {
    /// Whether a number may be dialled from `own`.
    pub fn allows(&self, number: &PhoneNumber, own: &PhoneNumber) -> bool {
        if self.prefixes.is_empty() {
            return number.country_code() == own.country_code();
        }
        self.prefixes.iter().any(|prefix| number.as_str().starts_with(prefix.as_str()))
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
        let policy: Policy = serde_json::from_str(
            r#"{"routing":{"ring_seconds":20},"messages":{"good_bye":"Tschüss"}}"#,
        )
        .unwrap();
        assert_eq!(policy.routing.ring.as_secs(), 20);
        assert_eq!(policy.messages.good_bye, "Tschüss");
        assert_eq!(policy.messages.language, "en-US");
    }

    #[test]
    fn a_misspelled_field_is_named() {
        let error = serde_json::from_str::<Policy>(r#"{"rooting":{}}"#).unwrap_err();
        assert!(error.to_string().starts_with("unknown field `rooting`"), "{error}");
    }

    #[test]
    fn only_listed_prefixes_or_the_own_country_may_be_dialled() {
        let own: PhoneNumber = "+4930123456".parse().unwrap();
        let own_country = Outbound::default();
        let listed =
            Outbound { prefixes: vec!["+1".into(), "+4930".into()], ..own_country.clone() };
        let cases = [
            ("+4989123456", true, false),
            ("+4930999999", true, true),
            ("+15005550006", false, true),
            ("+881612345678", false, false),
        ];
        for (number, by_country, by_list) in cases {
            let number: PhoneNumber = number.parse().unwrap();
            assert_eq!(own_country.allows(&number, &own), by_country, "{number}");
            assert_eq!(listed.allows(&number, &own), by_list, "{number}");
        }
    }
}
