//! Requests by hand, byte for byte where it matters.

use emulator::Webhook;
pub(crate) use harness::http::{Answer, Ask, everything, exchange};
use twilio_sig::{AuthToken, Request};

use crate::team::Team;
use crate::world::{PUBLIC_URL, World};

/// A form as Twilio posts it, signed with this token over the public URL.
pub(crate) fn signed_form(target: &str, params: &[(&str, &str)], auth_token: &str) -> Ask {
    let url = format!("{PUBLIC_URL}{target}");
    let token = AuthToken::new(auth_token).expect("a token");
    let signature = token.sign(&Request::form(&url, params));
    Ask::new("POST", target).form(params).header("X-Twilio-Signature", &signature)
}

/// A webhook exactly as it was sent before.
pub(crate) fn again(webhook: &Webhook) -> Ask {
    let url = webhook.url.split('#').next().unwrap_or_default();
    let target = url.strip_prefix(PUBLIC_URL).expect("a URL of ours");
    Ask::new("POST", target).form(&webhook.params).header("X-Twilio-Signature", &webhook.signature)
}

/// An answer to Twilio.
pub(crate) trait Document {
    /// The document, which must be one.
    fn twiml(&self) -> String;
}

impl Document for Answer {
    fn twiml(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("text/xml; charset=utf-8"));
        twiml::Response::parse(self.text()).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        self.text().to_owned()
    }
}

impl Team {
    /// A form that the team's account signed, for one of its own endpoints.
    pub(crate) fn signed(&self, rest: &str, params: &[(&str, &str)]) -> Ask {
        let sid = self.account.sid();
        let params = [&[("AccountSid", sid.as_str())], params].concat();
        signed_form(&self.path(rest), &params, &self.auth_token)
    }
}

impl World {
    /// Asks the first server.
    pub(crate) async fn ask(&self, ask: &Ask) -> Answer {
        self.send(&ask.bytes()).await
    }

    /// Sends bytes to the first server.
    pub(crate) async fn send(&self, request: &[u8]) -> Answer {
        exchange(self.servers[0].address(), request).await
    }

    /// Sends bytes to the first server and reads its whole answer.
    pub(crate) async fn everything(&self, request: &[u8]) -> Vec<u8> {
        everything(self.servers[0].address(), request).await
    }

    /// Posts a form that the team's account signed, to one of its own endpoints.
    pub(crate) async fn post(&self, team: &Team, rest: &str, params: &[(&str, &str)]) -> Answer {
        self.ask(&team.signed(rest, params)).await
    }

    /// The value of the metric that begins like this, 0 if there is none.
    pub(crate) async fn metric(&self, line: &str) -> u64 {
        let page = self.ask(&Ask::get("/metrics")).await;
        let found =
            page.text().lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0, |value| value.parse().expect("a number"))
    }
}
