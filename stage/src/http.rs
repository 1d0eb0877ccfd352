//! Requests to the server, as pages, carriers and strangers send them.

use std::net::SocketAddr;

use harness::http::{Answer, Ask, Connection};

/// A client of one server.
pub struct Http {
    /// `http://127.0.0.1:4242`.
    pub base: String,
    address: SocketAddr,
}

impl Http {
    /// A client of the server that listens there.
    pub fn new(address: SocketAddr) -> Self {
        Self { base: format!("http://{address}"), address }
    }

    /// Where the server listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `GET`, with a session if there is one.
    pub async fn get(&self, path: &str, session: Option<&str>) -> Result<Answer, String> {
        let ask = Ask::get(path);
        self.send(&session.into_iter().fold(ask, Ask::bearer)).await
    }

    /// A form by `POST`, as the carrier sends webhooks.
    pub async fn post(
        &self,
        path: &str,
        form: &[(String, String)],
        signature: Option<&str>,
    ) -> Result<Answer, String> {
        let ask = Ask::new("POST", path).form(form);
        let signed = |ask: Ask, signature: &str| ask.header("X-Twilio-Signature", signature);
        self.send(&signature.into_iter().fold(ask, signed)).await
    }

    /// On a connection of its own.
    async fn send(&self, ask: &Ask) -> Result<Answer, String> {
        let answer = Connection::to(self.address).ask(&ask.bytes()).await;
        let (answer, _) =
            answer.map_err(|error| format!("{} {}: {error}", ask.method, ask.target))?;
        Ok(answer)
    }
}
