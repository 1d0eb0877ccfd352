//! Requests that Twilio or an agent's page could have sent: whole, and signed.

use std::sync::atomic::{AtomicU32, Ordering};

use harness::session;
use identity::{AgentIdentity, CallSid, Timestamp, UserId};
use twilio_sig::{AuthToken, Form, Request};

use crate::world::{ASSIGNED, NATIONAL, WORKSPACES, agent, assigned, team};

pub(crate) const AUTH_TOKEN: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";
pub(crate) const API_SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";
pub(crate) const SESSION_SECRET: &str = "a-session-secret-of-at-least-32-bytes";
pub(crate) const PUBLIC_URL: &str = "https://voice.example.com";
pub(crate) const ACCOUNT: &str = "AC01010101010101010101010101010101";
pub(crate) const API_KEY: &str = "SK02020202020202020202020202020202";
pub(crate) const APP: &str = "AP03030303030303030303030303030303";

/// The national number of the first contact of each workspace; the others follow.
pub(crate) const FIRST_CONTACT: u64 = 5_000_000_000;
/// No contact has this number or a later one, nor the last eight digits of one.
pub(crate) const FIRST_STRANGER: u64 = 7_050_000_000;

/// Who calls whom, or what else is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Case {
    /// A contact with two assigned agents, in every workspace.
    Assigned,
    /// The same, of a contact whose number is written as in its country: `(500) 000-0600`.
    National,
    /// An unknown caller, in the workspaces of ten.
    TenAgents,
    /// An unknown caller, in the workspaces of fifty.
    FiftyAgents,
    /// The status callback of a leg.
    Status,
    /// An agent's access token.
    Token,
}

impl Case {
    pub(crate) const VOICE: [Self; 3] = [Self::Assigned, Self::TenAgents, Self::FiftyAgents];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Assigned => "voice, assigned",
            Self::National => "voice, assigned, national",
            Self::TenAgents => "voice, unknown, 10 agents",
            Self::FiftyAgents => "voice, unknown, 50 agents",
            Self::Status => "status callback",
            Self::Token => "token",
        }
    }

    /// The first workspace of the case, and how many there are. They are evenly spread.
    pub(crate) const fn workspaces(self) -> (u32, u32) {
        match self {
            Self::TenAgents => (1, WORKSPACES / 2),
            Self::FiftyAgents => (2, WORKSPACES / 2),
            Self::Assigned | Self::National | Self::Status | Self::Token => (1, WORKSPACES),
        }
    }

    /// The workspace of a request with this number: one after the other.
    fn workspace(self, number: u32) -> u32 {
        let (first, count) = self.workspaces();
        first + WORKSPACES / count * (number % count)
    }

    /// So many requests, none of which was made before.
    pub(crate) fn requests(self, count: u32) -> Vec<Vec<u8>> {
        let first = take_numbers(count);
        (first..first + count).map(|number| self.request(number)).collect()
    }

    fn request(self, number: u32) -> Vec<u8> {
        let workspace = self.workspace(number);
        match self {
            Self::Token => {
                token(workspace, agent(workspace, number / WORKSPACES % team(workspace)))
            }
            Self::Status => self.call(number).leg(0, "ringing", 1),
            Self::Assigned | Self::National | Self::TenAgents | Self::FiftyAgents => {
                self.call(number).voice()
            }
        }
    }

    /// So many calls of this case, none of which was made before.
    pub(crate) fn calls(self, count: u32) -> impl Iterator<Item = Call> {
        let first = take_numbers(count);
        (first..first + count).map(move |number| self.call(number))
    }

    fn call(self, number: u32) -> Call {
        let call = Call::of(self.workspace(number), number);
        match self {
            Self::National => {
                let contact = ASSIGNED + number / WORKSPACES % NATIONAL;
                Call::by(call.workspace, number, contact)
            }
            Self::TenAgents | Self::FiftyAgents => {
                Call { from: FIRST_STRANGER + u64::from(number), ..call }
            }
            Self::Assigned | Self::Status | Self::Token => call,
        }
    }
}

/// Numbers of calls that no other request has.
fn take_numbers(count: u32) -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(count, Ordering::Relaxed)
}

/// A request for an access token, with the session of the agent.
pub(crate) fn token(workspace: u32, user: UserId) -> Vec<u8> {
    let session = session::sign(&session::claims(&user.to_string(), 7_200), SESSION_SECRET);
    format!(
        "GET /api/workspaces/w{workspace}/token?identity={} HTTP/1.1\r\nHost: voice.example.com\r\n\
         Authorization: Bearer {session}\r\nAccept: application/json\r\n\r\n",
        AgentIdentity::new(user)
    )
    .into_bytes()
}

/// A call of a contact to the two assigned agents: the first answers, and the caller hangs up.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) workspace: u32,
    number: u32,
    from: u64,
    pub(crate) agents: [UserId; 2],
}

impl Call {
    /// The next call, which nobody else has.
    pub(crate) fn next() -> Self {
        let number = take_numbers(1);
        Self::of(Case::Assigned.workspace(number), number)
    }

    fn of(workspace: u32, number: u32) -> Self {
        Self::by(workspace, number, number / WORKSPACES % ASSIGNED)
    }

    fn by(workspace: u32, number: u32, contact: u32) -> Self {
        let from = FIRST_CONTACT + u64::from(contact);
        Self { workspace, number, from, agents: assigned(workspace, contact) }
    }

    /// Requests of a whole call.
    pub(crate) const STEPS: u32 = 10;

    /// One request of it, in Twilio's order, from 0. `action` is the path and query that the answer to
    /// the first one names as the action of its Dial.
    pub(crate) fn step(&self, step: u32, action: &str) -> Vec<u8> {
        match step {
            0 => self.voice(),
            1 => self.leg(0, "initiated", 0),
            2 => self.leg(1, "initiated", 0),
            3 => self.leg(0, "ringing", 1),
            4 => self.leg(1, "ringing", 1),
            5 => self.leg(0, "in-progress", 2),
            6 => self.leg(1, "canceled", 2),
            7 => self.leg(0, "completed", 3),
            8 => self.dialled(action),
            _ => self.ended(),
        }
    }

    pub(crate) fn voice(&self) -> Vec<u8> {
        self.signed(&self.path(""), "ringing", &[])
    }

    fn leg(&self, leg: u32, status: &str, sequence: u32) -> Vec<u8> {
        let call = self.sid(0).to_string();
        let sid = self.sid(leg + 1).to_string();
        let to = format!("client%3A{}", AgentIdentity::new(self.agents[leg as usize]));
        let mut more = vec![
            ("ParentCallSid", call),
            ("CallbackSource", "call-progress-events".to_owned()),
            ("SequenceNumber", sequence.to_string()),
            ("Timestamp", now()),
        ];
        if status == "completed" {
            more.push(("CallDuration", "1".to_owned()));
        }
        self.signed_as(&sid, &to, "outbound-dial", &self.path("/status"), status, &more)
    }

    fn dialled(&self, action: &str) -> Vec<u8> {
        let more = [
            ("DialCallSid", self.sid(1).to_string()),
            ("DialCallStatus", "completed".to_owned()),
            ("DialCallDuration", "1".to_owned()),
            ("DialBridged", "true".to_owned()),
        ];
        self.signed(action, "completed", &more)
    }

    fn ended(&self) -> Vec<u8> {
        let more = [
            ("CallbackSource", "call-progress-events".to_owned()),
            ("SequenceNumber", "0".to_owned()),
            ("CallDuration", "2".to_owned()),
            ("Timestamp", now()),
        ];
        self.signed(&self.path("/status"), "completed", &more)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/workspaces/w{}/voice{rest}", self.workspace)
    }

    /// Of the call itself, or of one of its legs, from 1.
    fn sid(&self, leg: u32) -> CallSid {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&self.number.to_be_bytes());
        id[4..8].copy_from_slice(&self.workspace.to_be_bytes());
        id[8..12].copy_from_slice(&self.number.wrapping_mul(2_654_435_761).to_be_bytes());
        id[12..].copy_from_slice(&leg.to_be_bytes());
        CallSid::from_bytes(id)
    }

    fn signed(&self, path: &str, status: &str, more: &[(&str, String)]) -> Vec<u8> {
        let sid = self.sid(0).to_string();
        self.signed_as(&sid, "%2B15005550006", "inbound", path, status, more)
    }

    /// The parameters of every request about a call, 27 of them, and `more`, whose values need no
    /// escape but that of a blank, colon or plus.
    fn signed_as(
        &self,
        sid: &str,
        to: &str,
        direction: &str,
        path: &str,
        status: &str,
        more: &[(&str, String)],
    ) -> Vec<u8> {
        let from = self.from;
        let mut body = format!(
            "CallSid={sid}&AccountSid={ACCOUNT}&ApiVersion=2010-04-01&From=%2B1{from}&To={to}\
             &Caller=%2B1{from}&Called={to}&CallStatus={status}&Direction={direction}\
             &StirVerstat=TN-Validation-Passed-A&CallToken={TOKEN}{PLACES}"
        );
        for (name, value) in more {
            let value = value.replace('+', "%2B").replace(' ', "+").replace(':', "%3A");
            body.extend(["&", name, "=", &value]);
        }
        post(path, &body)
    }
}

/// A form with its signature.
fn post(path: &str, body: &str) -> Vec<u8> {
    let token = AuthToken::new(AUTH_TOKEN).expect("a token");
    let form = Form::parse(body.as_bytes()).expect("a form");
    let signature = token.sign(&Request::form(&format!("{PUBLIC_URL}{path}"), &form));
    format!(
        "POST {path} HTTP/1.1\r\nHost: voice.example.com\r\nContent-Type: \
         application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: {signature}\r\n\
         I-Twilio-Idempotency-Token: {}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\
         Content-Length: {}\r\n\r\n{body}",
        &signature[..22],
        body.len()
    )
    .into_bytes()
}

/// As Twilio writes the time of a callback.
fn now() -> String {
    let seconds = i64::try_from(session::now()).unwrap_or_default();
    Timestamp::from_unix_seconds(seconds).to_rfc2822().to_string()
}

/// As long as Twilio's, whose content is its own.
const TOKEN: &str = "%7B%22parentCallInfoToken%22%3A%22eyJhbGciOiJFUzI1NiJ9.\
    eyJjYWxsU2lkIjoiQ0EwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCJ9.\
    c2lnbmF0dXJlLW9mLXRoZS1jYWxsLWluZm8tdG9rZW4tb2YtNjQtYnl0ZXMtaW4tYmFzZTY0dXJsLi4u%22%7D";

const PLACES: &str = "&FromCity=SAN+FRANCISCO&FromState=CA&FromZip=94105&FromCountry=US\
    &ToCity=OAKLAND&ToState=CA&ToZip=94601&ToCountry=US&CallerCity=SAN+FRANCISCO&CallerState=CA\
    &CallerZip=94105&CallerCountry=US&CalledCity=OAKLAND&CalledState=CA&CalledZip=94601\
    &CalledCountry=US";
