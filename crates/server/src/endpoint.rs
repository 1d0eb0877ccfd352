//! Every URL, written once: parsed and printed from the same table, so that callbacks in TwiML cannot
//! drift from the router.
//!
//! There is one table for each audience, because each audience has rules of its own: see
//! [`carrier`](crate::carrier), [`api`](crate::api) and [`operations`](crate::operations).

mod routes;

use std::fmt;
use std::str::FromStr;

use hyper::Method;
use identity::{CallSid, WorkspaceId};
use routes::routes;
use twilio_sig::PublicUrl;

/// What a path names, by who calls it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Endpoint {
    /// Twilio, about a workspace.
    Carrier(WorkspaceId, Carrier),
    /// An agent's page, about a workspace.
    Api(WorkspaceId, Api),
    /// Operators, their machines, and every browser.
    Operations(Operations),
}

routes! {
    /// What Twilio calls.
    Carrier {
        /// The voice URL of numbers and of the TwiML App.
        Voice: "voice", POST "voice";
        /// The status callback of legs and of parent calls.
        Status: "status", POST "voice/status";
        /// The action of a Dial.
        Dial: "dial", POST "voice/dial";
        /// The action of a Record.
        Voicemail: "voicemail", POST "voice/voicemail";
    }
}

routes! {
    /// What agents' pages call.
    Api {
        /// An agent's access token.
        Token: "token", GET "token";
        /// The agents and their status.
        Agents: "agents", GET "agents";
        /// The status of the agent who asks.
        MyStatus: "my_status", PUT "agents/me/status";
        /// The end of this agent's work after a call.
        MyWrapUpEnd: "my_wrap_up_end", POST "agents/me/wrap-up/end";
        /// What the page of the agent who asks says about itself.
        MyPage: "my_page", PUT "agents/me/page";
        /// The stream of events.
        Events: "events", GET "events";
        /// The call log.
        Calls: "calls", GET "calls";
        /// One call.
        Call(CallSid): "call", GET "calls/{}";
        /// How a number is read.
        Numbers: "numbers", GET "numbers";
        /// Figures of the calls of a day.
        Stats: "stats", GET "stats";
    }
}

routes! {
    /// What operators and browsers call.
    Operations {
        /// The process lives.
        Health: "health", GET "/healthz";
        /// The process can serve.
        Ready: "ready", GET "/readyz";
        /// Counters for Prometheus.
        Metrics: "metrics", GET "/metrics";
        /// The description of the API.
        OpenApi: "openapi", GET "/openapi.json";
        /// What the agent's page asks when it starts.
        ConsoleConfig: "console_config", GET "/console/config.json";
        /// The Voice SDK that the page loads.
        VoiceSdk: "voice_sdk", GET "/console/voice-sdk.js";
        /// The agent's page, or one of its files.
        Console(ConsoleFile): "console", GET "{}";
    }
}

/// A file of the agent's page. The crate `console` says which there are and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ConsoleFile(pub(crate) &'static console::File);

impl FromStr for ConsoleFile {
    type Err = ();

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        console::file(path).map(Self).ok_or(())
    }
}

impl fmt::Display for ConsoleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.path())
    }
}

impl Endpoint {
    /// Finds what a path names, or nothing.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        if let Some(operations) = Operations::parse(path) {
            return Some(Self::Operations(operations));
        }
        let (workspace, rest) = path.strip_prefix(WORKSPACES)?.split_once('/')?;
        let workspace = workspace.parse().ok()?;
        match Carrier::parse(rest) {
            Some(carrier) => Some(Self::Carrier(workspace, carrier)),
            None => Some(Self::Api(workspace, Api::parse(rest)?)),
        }
    }

    /// A short name for metrics and logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Carrier(_, carrier) => carrier.name(),
            Self::Api(_, api) => api.name(),
            Self::Operations(operations) => operations.name(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Carrier(workspace, carrier) => write!(f, "{WORKSPACES}{workspace}/{carrier}"),
            Self::Api(workspace, api) => write!(f, "{WORKSPACES}{workspace}/{api}"),
            Self::Operations(operations) => operations.fmt(f),
        }
    }
}

impl Carrier {
    /// The absolute URL for Twilio, with the query and the connection overrides of its kind.
    ///
    /// By default Twilio repeats a request only if the connection failed. The fragment asks for more;
    /// it is neither sent nor signed. A status callback is repeated for as long as Twilio may. A
    /// request for which a caller waits gives up early enough for a second try.
    pub(crate) fn callback(self, workspace: &WorkspaceId, base: &PublicUrl, query: &str) -> String {
        let overrides = match self {
            Self::Status => "#rc=5&rp=ct,rt,5xx",
            Self::Voice | Self::Dial | Self::Voicemail => "#rc=2&rp=ct,rt,5xx&rt=4000",
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let path = Endpoint::Carrier(workspace.clone(), self);
        base.join(&format!("{path}{mark}{query}{overrides}"))
    }
}

const WORKSPACES: &str = "/api/workspaces/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_is_parsed() {
        let workspace: WorkspaceId = "acme".parse().unwrap();
        let carrier = [Carrier::Voice, Carrier::Status, Carrier::Dial, Carrier::Voicemail];
        let api = [
            Api::Token,
            Api::Agents,
            Api::MyStatus,
            Api::MyWrapUpEnd,
            Api::MyPage,
            Api::Events,
            Api::Calls,
            Api::Call(CallSid::from_bytes([0xab; 16])),
            Api::Numbers,
            Api::Stats,
        ];
        let operations = [
            Operations::Health,
            Operations::Ready,
            Operations::Metrics,
            Operations::OpenApi,
            Operations::ConsoleConfig,
            Operations::VoiceSdk,
        ];
        assert_eq!(
            [carrier.len(), api.len(), operations.len() + 1],
            [Carrier::COUNT, Api::COUNT, Operations::COUNT],
            "no route is left out"
        );
        let files = console::files().iter().map(|file| Operations::Console(ConsoleFile(file)));
        let all = carrier
            .map(|carrier| Endpoint::Carrier(workspace.clone(), carrier))
            .into_iter()
            .chain(api.map(|api| Endpoint::Api(workspace.clone(), api)))
            .chain(operations.into_iter().chain(files).map(Endpoint::Operations));
        for endpoint in all {
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
            Carrier::Dial.callback(&workspace, &base, "rung=x"),
            "https://voice.example.com/api/workspaces/acme/voice/dial?rung=x\
             #rc=2&rp=ct,rt,5xx&rt=4000"
        );
        assert_eq!(
            Carrier::Status.callback(&workspace, &base, ""),
            "https://voice.example.com/api/workspaces/acme/voice/status#rc=5&rp=ct,rt,5xx"
        );
    }
}
