//! Every URL, parsed and printed in one place: callbacks in TwiML cannot drift from the router.

use std::fmt;

use console::File;
use hyper::Method;
use identity::{CallSid, UserId, WorkspaceId};
use twilio_sig::PublicUrl;

/// What a path names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Endpoint {
    /// An agent's access token.
    Token(WorkspaceId),
    /// The agents and their status.
    Agents(WorkspaceId),
    /// The asking agent's status.
    MyStatus(WorkspaceId),
    /// The end of the asking agent's work after a call.
    MyWrapUpEnd(WorkspaceId),
    /// What happens, as it happens.
    Events(WorkspaceId),
    /// The call log.
    Calls(WorkspaceId),
    /// Numbers of the calls of a day.
    Stats(WorkspaceId),
    /// One call.
    Call(WorkspaceId, CallSid),
    /// The voice URL of numbers and of the TwiML App.
    Voice(WorkspaceId),
    /// The status callback of legs and of parent calls.
    Status(WorkspaceId),
    /// The action of a Dial.
    Dial(WorkspaceId),
    /// The action of a Record.
    Voicemail(WorkspaceId),
    /// The process lives.
    Health,
    /// The process can serve.
    Ready,
    /// Counters for Prometheus.
    Metrics,
    /// The description of the API.
    OpenApi,
    /// The agent's page, or one of its files.
    Console(&'static File),
    /// What the page asks at its start.
    ConsoleConfig,
    /// The Voice SDK that the page loads.
    VoiceSdk,
}

impl Endpoint {
    /// Finds what a path names, or nothing.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        match path {
            "/healthz" => return Some(Self::Health),
            "/readyz" => return Some(Self::Ready),
            "/metrics" => return Some(Self::Metrics),
            "/openapi.json" => return Some(Self::OpenApi),
            "/console/config.json" => return Some(Self::ConsoleConfig),
            "/console/voice-sdk.js" => return Some(Self::VoiceSdk),
            _ => {}
        }
        if let Some(file) = console::file(path) {
            return Some(Self::Console(file));
        }
        let (workspace, rest) = path.strip_prefix(WORKSPACES)?.split_once('/')?;
        let workspace = workspace.parse().ok()?;
        Some(match rest {
            "token" => Self::Token(workspace),
            "agents" => Self::Agents(workspace),
            "agents/me/status" => Self::MyStatus(workspace),
            "agents/me/wrap-up/end" => Self::MyWrapUpEnd(workspace),
            "events" => Self::Events(workspace),
            "calls" => Self::Calls(workspace),
            "stats" => Self::Stats(workspace),
            "voice" => Self::Voice(workspace),
            "voice/status" => Self::Status(workspace),
            "voice/dial" => Self::Dial(workspace),
            "voice/voicemail" => Self::Voicemail(workspace),
            rest => Self::Call(workspace, rest.strip_prefix("calls/")?.parse().ok()?),
        })
    }

    /// The one method it answers to, beside `OPTIONS`.
    pub(crate) const fn method(&self) -> Method {
        match self {
            Self::MyStatus(_) => Method::PUT,
            Self::MyWrapUpEnd(_)
            | Self::Voice(_)
            | Self::Status(_)
            | Self::Dial(_)
            | Self::Voicemail(_) => Method::POST,
            _ => Method::GET,
        }
    }

    /// Whether Twilio calls it.
    pub(crate) const fn is_carrier(&self) -> bool {
        matches!(self, Self::Voice(_) | Self::Status(_) | Self::Dial(_) | Self::Voicemail(_))
    }

    /// The workspace that it is about.
    pub(crate) const fn workspace(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Token(workspace)
            | Self::Agents(workspace)
            | Self::MyStatus(workspace)
            | Self::MyWrapUpEnd(workspace)
            | Self::Events(workspace)
            | Self::Calls(workspace)
            | Self::Stats(workspace)
            | Self::Call(workspace, _)
            | Self::Voice(workspace)
            | Self::Status(workspace)
            | Self::Dial(workspace)
            | Self::Voicemail(workspace) => Some(workspace),
            Self::Health
            | Self::Ready
            | Self::Metrics
            | Self::OpenApi
            | Self::Console(_)
            | Self::ConsoleConfig
            | Self::VoiceSdk => None,
        }
    }

    /// A short name for metrics and logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Agents(_) => "agents",
            Self::MyStatus(_) => "my_status",
            Self::MyWrapUpEnd(_) => "my_wrap_up_end",
            Self::Events(_) => "events",
            Self::Calls(_) => "calls",
            Self::Stats(_) => "stats",
            Self::Call(..) => "call",
            Self::Voice(_) => "voice",
            Self::Status(_) => "status",
            Self::Dial(_) => "dial",
            Self::Voicemail(_) => "voicemail",
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Metrics => "metrics",
            Self::OpenApi => "openapi",
            Self::Console(_) => "console",
            Self::ConsoleConfig => "console_config",
            Self::VoiceSdk => "voice_sdk",
        }
    }

    /// The absolute URL for Twilio, with the query and the connection overrides of its kind.
    ///
    /// By default Twilio repeats a request only if the connection failed; the fragment, which is
    /// neither sent nor signed, asks for more. A status callback is repeated for as long as Twilio
    /// may; a request for which a caller waits gives up early enough for a second try.
    pub(crate) fn callback(&self, base: &PublicUrl, query: &str) -> String {
        let overrides = match self {
            Self::Status(_) => "#rc=5&rp=ct,rt,5xx",
            _ => "#rc=2&rp=ct,rt,5xx&rt=4000",
        };
        let mark = if query.is_empty() { "" } else { "?" };
        base.join(&format!("{self}{mark}{query}{overrides}"))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(workspace) => write!(f, "{WORKSPACES}{workspace}/token"),
            Self::Agents(workspace) => write!(f, "{WORKSPACES}{workspace}/agents"),
            Self::MyStatus(workspace) => write!(f, "{WORKSPACES}{workspace}/agents/me/status"),
            Self::MyWrapUpEnd(workspace) => {
                write!(f, "{WORKSPACES}{workspace}/agents/me/wrap-up/end")
            }
            Self::Events(workspace) => write!(f, "{WORKSPACES}{workspace}/events"),
            Self::Calls(workspace) => write!(f, "{WORKSPACES}{workspace}/calls"),
            Self::Stats(workspace) => write!(f, "{WORKSPACES}{workspace}/stats"),
            Self::Call(workspace, sid) => write!(f, "{WORKSPACES}{workspace}/calls/{sid}"),
            Self::Voice(workspace) => write!(f, "{WORKSPACES}{workspace}/voice"),
            Self::Status(workspace) => write!(f, "{WORKSPACES}{workspace}/voice/status"),
            Self::Dial(workspace) => write!(f, "{WORKSPACES}{workspace}/voice/dial"),
            Self::Voicemail(workspace) => write!(f, "{WORKSPACES}{workspace}/voice/voicemail"),
            Self::Health => f.write_str("/healthz"),
            Self::Ready => f.write_str("/readyz"),
            Self::Metrics => f.write_str("/metrics"),
            Self::OpenApi => f.write_str("/openapi.json"),
            Self::Console(file) => f.write_str(&file.path()),
            Self::ConsoleConfig => f.write_str("/console/config.json"),
            Self::VoiceSdk => f.write_str("/console/voice-sdk.js"),
        }
    }
}

const WORKSPACES: &str = "/api/workspaces/";

/// What the action of a Dial must remember: the wave that rang, and who has rung so far.
///
/// It travels in the query of the action's URL, which Twilio signs, so that the next wave depends
/// on nothing that this or another server would have to remember. Each agent is eight characters of
/// a hash; that two agents of one call share them has a chance of one in 10¹⁰ and costs the second
/// one this ring.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Rung {
    waves: Vec<Vec<[u8; MARK]>>,
}

impl Rung {
    /// The number of the last wave that rang; 0 before the first.
    pub(crate) fn last_wave(&self) -> u16 {
        u16::try_from(self.waves.len()).unwrap_or(u16::MAX)
    }

    /// The wave in which the agent rang.
    pub(crate) fn wave_of(&self, user: UserId) -> Option<u16> {
        let mark = mark(user);
        let wave = self.waves.iter().position(|wave| wave.contains(&mark))?;
        u16::try_from(wave + 1).ok()
    }

    /// The same with one more wave.
    #[must_use]
    pub(crate) fn with_wave(&self, users: &[UserId]) -> Self {
        let mut waves = self.waves.clone();
        waves.push(users.iter().copied().map(mark).collect());
        Self { waves }
    }

    /// Reads the query of an action's URL; anything else counts as nobody.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let value =
            query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("rung="));
        let waves = value.unwrap_or_default().split('.').filter(|wave| !wave.is_empty());
        Self { waves: waves.map(|wave| wave.as_bytes().as_chunks::<MARK>().0.to_vec()).collect() }
    }

    /// Writes the query of an action's URL.
    pub(crate) fn query(&self) -> String {
        let mut query = String::from("rung=");
        for (index, wave) in self.waves.iter().enumerate() {
            if index > 0 {
                query.push('.');
            }
            for mark in wave {
                query.extend(mark.iter().copied().map(char::from));
            }
        }
        query
    }
}

const MARK: usize = 8;

/// Eight characters of a 48-bit FNV-1a hash of the user id.
fn mark(user: UserId) -> [u8; MARK] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash = user.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    std::array::from_fn(|index| DIGITS[usize::try_from(hash >> (6 * index + 16) & 63).unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_is_parsed() {
        let workspace: WorkspaceId = "acme".parse().unwrap();
        let sid = CallSid::from_bytes([0xab; 16]);
        let all = [
            Endpoint::Token(workspace.clone()),
            Endpoint::Agents(workspace.clone()),
            Endpoint::MyStatus(workspace.clone()),
            Endpoint::MyWrapUpEnd(workspace.clone()),
            Endpoint::Events(workspace.clone()),
            Endpoint::Calls(workspace.clone()),
            Endpoint::Stats(workspace.clone()),
            Endpoint::Call(workspace.clone(), sid),
            Endpoint::Voice(workspace.clone()),
            Endpoint::Status(workspace.clone()),
            Endpoint::Dial(workspace.clone()),
            Endpoint::Voicemail(workspace),
            Endpoint::Health,
            Endpoint::Ready,
            Endpoint::Metrics,
            Endpoint::OpenApi,
            Endpoint::ConsoleConfig,
            Endpoint::VoiceSdk,
        ];
        let files = console::files().iter().map(Endpoint::Console);
        for endpoint in all.into_iter().chain(files) {
            assert_eq!(Endpoint::parse(&endpoint.to_string()), Some(endpoint));
        }
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "",
            "/api/workspaces/acme",
            "/api/workspaces/acme/",
            "/api/workspaces//voice",
            "/api/workspaces/a%2fb/voice",
            "/api/workspaces/acme/voice/",
            "/api/workspaces/acme/calls/CA1",
            "/API/workspaces/acme/voice",
        ] {
            assert_eq!(Endpoint::parse(path), None, "{path}");
        }
    }

    #[test]
    fn callbacks_carry_query_and_overrides() {
        let base: PublicUrl = "https://voice.example.com".parse().unwrap();
        let workspace: WorkspaceId = "acme".parse().unwrap();
        assert_eq!(
            Endpoint::Dial(workspace.clone()).callback(&base, "rung=x"),
            "https://voice.example.com/api/workspaces/acme/voice/dial?rung=x\
             #rc=2&rp=ct,rt,5xx&rt=4000"
        );
        assert_eq!(
            Endpoint::Status(workspace).callback(&base, ""),
            "https://voice.example.com/api/workspaces/acme/voice/status#rc=5&rp=ct,rt,5xx"
        );
    }

    #[test]
    fn the_rung_are_remembered_by_wave() {
        let user = |n| UserId::from_bytes([n; 16]);
        let rung = Rung::default().with_wave(&[user(1), user(2)]).with_wave(&[user(3)]);
        let query = rung.query();
        assert_eq!(query.len(), "rung=".len() + 3 * MARK + 1);
        let read = Rung::parse(Some(&query));
        assert_eq!(read, rung);
        assert_eq!(read.last_wave(), 2);
        assert_eq!([1, 2, 3, 4].map(|n| read.wave_of(user(n))), [Some(1), Some(1), Some(2), None]);
        assert_eq!(Rung::parse(None).last_wave(), 0);
        assert_eq!(Rung::parse(Some("other=1")).last_wave(), 0);
    }
}
