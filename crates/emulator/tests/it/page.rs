//! A page with the Voice SDK, played by hand with frames that were captured from the real SDK.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use emulator::{Account, ApiKey, Gateway};
use futures_util::{SinkExt as _, StreamExt as _};
use identity::{AppSid, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use voice_token::{Grants, Issuer, Outgoing, Ttl, VoiceGrant};

/// A socket of the SDK.
pub(crate) struct Page {
    stream: WebSocketStream<TlsStream<TcpStream>>,
}

impl Page {
    pub(crate) async fn open(gateway: &Gateway) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from(gateway.certificate().to_vec());
        roots.add(certificate).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let stream = TcpStream::connect(gateway.address()).await.expect("it listens");
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .expect("the certificate is good");
        let url = format!("wss://{}/signal", gateway.address());
        let (stream, _) =
            tokio_tungstenite::client_async(url, stream).await.expect("it is a WebSocket");
        Self { stream }
    }

    /// A page that is registered.
    pub(crate) async fn registered(gateway: &Gateway, token: &str) -> Self {
        let mut page = Self::open(gateway).await;
        page.listen(token, 30).await;
        page.next("connected").await;
        page.register(true).await;
        page.next("ready").await;
        page
    }

    pub(crate) async fn listen(&mut self, token: &str, reconnect_timeout: u64) {
        self.send(
            "listen",
            json!({
                "browserinfo": {"p": "browser", "plugin": "rtc", "v": "2.18.5"},
                "reconnectTimeout": reconnect_timeout,
                "token": token,
            }),
        )
        .await;
    }

    pub(crate) async fn register(&mut self, audio: bool) {
        self.send("register", json!({"media": {"audio": audio}})).await;
    }

    pub(crate) async fn send(&mut self, kind: &str, payload: Value) {
        let frame = json!({"payload": payload, "type": kind, "version": "1.6"});
        self.raw(&frame.to_string()).await;
    }

    pub(crate) async fn raw(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("the socket is open");
    }

    /// The payload of the next frame, which must be of this kind. Heartbeats are skipped.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        let (found, payload) = self.any().await.expect("the socket is open");
        assert_eq!(found, kind, "{payload}");
        payload
    }

    /// The next frame; `None` if the socket is closed.
    pub(crate) async fn any(&mut self) -> Option<(String, Value)> {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await.expect("a frame in time")?;
            match message {
                Ok(Message::Text(text)) if text.as_str() == "\n" => {}
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    assert_eq!(frame["version"], "1.6");
                    let kind = frame["type"].as_str().expect("a type").to_owned();
                    return Some((kind, frame["payload"].clone()));
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

/// A number that makes the tokens of one identity differ.
pub(crate) struct Tokens {
    account: Account,
    key: ApiKey,
    pub(crate) grant: VoiceGrant,
}

impl Tokens {
    /// Tokens for incoming calls, and for outgoing ones through an app.
    pub(crate) fn new(account: &Account, app: Option<AppSid>) -> Self {
        let key = account.api_key().expect("a key");
        let outgoing = app.map(Outgoing::from);
        let grant = VoiceGrant { incoming: true, outgoing, ..VoiceGrant::default() };
        Self { account: account.clone(), key, grant }
    }

    pub(crate) fn mint(&self, identity: &str) -> String {
        self.mint_at(identity, now(), Ttl::HOUR)
    }

    pub(crate) fn mint_at(&self, identity: &str, at: Timestamp, ttl: Ttl) -> String {
        let key = voice_token::ApiKey::parse(self.key.sid.as_str(), &self.key.secret);
        let identity = identity.parse().expect("an identity");
        let grants = Grants::from(self.grant.clone());
        let issuer = Issuer::new(self.account.sid(), key.expect("a key")).ttl(ttl);
        issuer.issue(&identity, &grants, at)
    }
}

pub(crate) fn now() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_seconds(0) + wall
}

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
