//! The frames between the Voice SDK and the gateway: one JSON object each.

use identity::CallSid;
use serde::Deserialize;
use serde_json::{Value, json};

/// The id of a socket of the Voice SDK.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct SocketId(pub(crate) u64);

/// The id of a line between a call and a browser. The media session of the line has the same id.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct LineId(pub(crate) u64);

/// A frame of the SDK.
#[derive(Debug)]
pub(crate) enum Received {
    Listen(Listen),
    Register(Register),
    Invite(Invite),
    Answer(WithSdp),
    Reinvite(WithSdp),
    Reject(OfCall),
    Hangup(OfCall),
    Dtmf(Dtmf),
    Message(Message),
    /// A frame of an unknown type. Twilio ignores it.
    Unknown,
}

/// The first frame on every socket, and again with each new token.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listen {
    pub(crate) token: String,
    /// Seconds for which a call outlives its socket.
    #[serde(default)]
    pub(crate) reconnect_timeout: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Register {
    media: Media,
}

impl Register {
    /// Whether the device registers for calls; otherwise it unregisters.
    pub(crate) fn wants_calls(&self) -> bool {
        self.media.audio
    }
}

#[derive(Debug, Deserialize)]
struct Media {
    audio: bool,
}

/// A new call of the browser or, with `reconnect`, a request to resume one.
#[derive(Debug, Deserialize)]
pub(crate) struct Invite {
    /// The SDK's own id of a new call, `TJS…`, or the Sid of an existing one.
    pub(crate) callsid: String,
    pub(crate) sdp: String,
    pub(crate) reconnect: Option<String>,
    #[serde(default)]
    twilio: Extra,
}

impl Invite {
    /// The parameters of `device.connect`.
    pub(crate) fn params(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.twilio.params.as_bytes()).into_owned().collect()
    }
}

#[derive(Debug, Default, Deserialize)]
struct Extra {
    #[serde(default)]
    params: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WithSdp {
    pub(crate) callsid: String,
    pub(crate) sdp: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OfCall {
    pub(crate) callsid: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dtmf {
    pub(crate) callsid: String,
    pub(crate) dtmf: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) callsid: String,
    pub(crate) content: Value,
    pub(crate) voiceeventsid: String,
}

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    #[serde(default)]
    payload: Value,
}

impl Received {
    /// Reads a frame. `None` if its content does not fit its type.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Envelope { r#type, payload } = serde_json::from_str(text).ok()?;
        let read = match r#type.as_str() {
            "listen" => serde_json::from_value(payload).map(Self::Listen),
            "register" => serde_json::from_value(payload).map(Self::Register),
            "invite" => serde_json::from_value(payload).map(Self::Invite),
            "answer" => serde_json::from_value(payload).map(Self::Answer),
            "reinvite" => serde_json::from_value(payload).map(Self::Reinvite),
            "reject" => serde_json::from_value(payload).map(Self::Reject),
            "hangup" => serde_json::from_value(payload).map(Self::Hangup),
            "dtmf" => serde_json::from_value(payload).map(Self::Dtmf),
            "message" => serde_json::from_value(payload).map(Self::Message),
            _ => Ok(Self::Unknown),
        };
        read.ok()
    }

    /// Twilio's word.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Listen(_) => "listen",
            Self::Register(_) => "register",
            Self::Invite(_) => "invite",
            Self::Answer(_) => "answer",
            Self::Reinvite(_) => "reinvite",
            Self::Reject(_) => "reject",
            Self::Hangup(_) => "hangup",
            Self::Dtmf(_) => "dtmf",
            Self::Message(_) => "message",
            Self::Unknown => "unknown",
        }
    }
}

/// A frame for the SDK.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Frame {
    Connected {
        account: String,
        identity: String,
        ttl_seconds: u64,
    },
    Ready,
    Offline,
    /// The SDK stops for good. Without this frame, it reconnects again and again after an error.
    Close,
    Error(Fault),
    Invite {
        call: CallSid,
        reconnect: String,
        parameters: Vec<(&'static str, String)>,
    },
    Cancel {
        call: CallSid,
    },
    Ringing {
        call: CallSid,
    },
    Answer {
        call: CallSid,
        reconnect: String,
    },
    /// The call by its Sid, or by the SDK's own id if it has no Sid.
    Hangup {
        call: String,
        fault: Option<Fault>,
    },
    Ack {
        call: String,
        event: String,
    },
    Message {
        call: CallSid,
        event: String,
        content: String,
    },
}

/// The error in a frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: u32,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn json(&self) -> Value {
        json!({"code": self.code, "message": self.message})
    }
}

/// The session description that goes with a frame. It is made when the frame leaves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Sdp {
    None,
    Offer(LineId),
    /// The answer to this offer.
    Answer(LineId, String),
}

/// A frame on its way to the SDK.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outgoing {
    pub(crate) frame: Frame,
    pub(crate) sdp: Sdp,
}

impl Frame {
    /// Twilio's word.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::Ready => "ready",
            Self::Offline => "offline",
            Self::Close => "close",
            Self::Error(_) => "error",
            Self::Invite { .. } => "invite",
            Self::Cancel { .. } => "cancel",
            Self::Ringing { .. } => "ringing",
            Self::Answer { .. } => "answer",
            Self::Hangup { .. } => "hangup",
            Self::Ack { .. } => "ack",
            Self::Message { .. } => "message",
        }
    }

    /// The text on the wire.
    pub(crate) fn render(&self, sdp: Option<&str>) -> String {
        let mut payload = self.payload();
        if let (Some(sdp), Some(fields)) = (sdp, payload.as_object_mut()) {
            fields.insert("sdp".to_owned(), Value::from(sdp));
        }
        json!({"type": self.name(), "version": VERSION, "payload": payload}).to_string()
    }

    fn payload(&self) -> Value {
        match self {
            Self::Connected { account, identity, ttl_seconds } => json!({
                "edge": "local",
                "home": "us1",
                "region": "US_EAST_VIRGINIA",
                "gateway": "emulator",
                "token": {"accountSid": account, "identity": identity, "ttl": ttl_seconds},
            }),
            Self::Ready | Self::Offline | Self::Close => json!({}),
            Self::Error(fault) => json!({"error": fault.json()}),
            Self::Invite { call, reconnect, parameters } => {
                let parameters: serde_json::Map<String, Value> = parameters
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
                    .collect();
                json!({
                    "callsid": call.as_str(),
                    "reconnect": reconnect,
                    "parameters": parameters,
                })
            }
            Self::Cancel { call } | Self::Ringing { call } => json!({"callsid": call.as_str()}),
            Self::Answer { call, reconnect } => {
                json!({"callsid": call.as_str(), "reconnect": reconnect})
            }
            Self::Hangup { call, fault: None } => json!({"callsid": call}),
            Self::Hangup { call, fault: Some(fault) } => {
                json!({"callsid": call, "error": fault.json()})
            }
            Self::Ack { call, event } => {
                json!({"acktype": "message", "callsid": call, "voiceeventsid": event})
            }
            Self::Message { call, event, content } => json!({
                "callsid": call.as_str(),
                "content": serde_json::from_str::<Value>(content).unwrap_or_default(),
                "contenttype": "application/json",
                "messagetype": "user-defined-message",
                "voiceeventsid": event,
            }),
        }
    }
}

/// A frame without content that shows that the other side is alive. WebSocket's own pings do not
/// count for the SDK.
pub(crate) const HEARTBEAT: &str = "\n";

/// The version that the SDK 2.18.5 speaks.
const VERSION: &str = "1.6";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_sdk_sends() {
        let cases = [
            (
                r#"{"payload":{"browserinfo":{},"reconnectTimeout":30,"token":"e"},"type":"listen","version":"1.6"}"#,
                "Listen(Listen { token: \"e\", reconnect_timeout: 30 })",
            ),
            (
                r#"{"payload":{"media":{"audio":true}},"type":"register","version":"1.6"}"#,
                "Register(Register { media: Media { audio: true } })",
            ),
            (
                r#"{"payload":{"callsid":"CA1","reconnect":"t","sdp":"v=0","twilio":{}},"type":"invite","version":"1.6"}"#,
                "Invite(Invite { callsid: \"CA1\", sdp: \"v=0\", reconnect: Some(\"t\"), \
                 twilio: Extra { params: \"\" } })",
            ),
            (
                r#"{"payload":{"sdp":"v=0","callsid":"CA1"},"type":"answer","version":"1.6"}"#,
                "Answer(WithSdp { callsid: \"CA1\", sdp: \"v=0\" })",
            ),
            (
                r#"{"payload":{"callsid":"CA1"},"type":"reject","version":"1.6"}"#,
                "Reject(OfCall { callsid: \"CA1\" })",
            ),
            (r#"{"type":"something"}"#, "Unknown"),
        ];
        for (text, want) in cases {
            let read = Received::parse(text).map(|frame| format!("{frame:?}"));
            assert_eq!(read.as_deref(), Some(want), "{text}");
        }
        for text in ["", "\n", "[]", r#"{"type":"answer","payload":{"callsid":"CA1"}}"#] {
            assert!(Received::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn parameters_are_percent_encoded() {
        let text = r#"{"type":"invite","payload":{"callsid":"TJS1","sdp":"v=0","twilio":{"params":"To=%2B15005550006&name=J%C3%BCrgen%20K%2C"}}}"#;
        let Some(Received::Invite(invite)) = Received::parse(text) else { panic!("an invite") };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(invite.params(), [pair("To", "+15005550006"), pair("name", "Jürgen K,")]);
    }

    #[test]
    fn renders_what_the_sdk_reads() {
        let call = CallSid::from_bytes([7; 16]);
        let hangup =
            Frame::Hangup { call: "TJS1".to_owned(), fault: Some(Fault::new(31_486, "b")) };
        let cases = [
            (Frame::Ready, None, r#"{"payload":{},"type":"ready","version":"1.6"}"#.to_owned()),
            (
                Frame::Answer { call, reconnect: "t".to_owned() },
                Some("v=0"),
                format!(
                    r#"{{"payload":{{"callsid":"{call}","reconnect":"t","sdp":"v=0"}},"type":"answer","version":"1.6"}}"#
                ),
            ),
            (
                hangup,
                None,
                r#"{"payload":{"callsid":"TJS1","error":{"code":31486,"message":"b"}},"type":"hangup","version":"1.6"}"#
                    .to_owned(),
            ),
        ];
        for (frame, sdp, want) in cases {
            assert_eq!(frame.render(sdp), want);
        }
    }
}
