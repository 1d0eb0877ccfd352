//! Keys that change while we run, on a clock that the test moves.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use identity::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::secrets::Secret;

const SECRET: &str = "a-session-secret-of-at-least-32-bytes";
const USER: &str = "7f3c2d1e-0000-4000-8000-00000000000a";

/// A moment that the test moves.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Clock::of(move || Timestamp::from_unix_seconds(seconds.load(Ordering::SeqCst)))
    }

    fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// Somebody who publishes keys, and counts who asks.
struct Publisher {
    url: String,
    answer: Arc<RwLock<String>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::<RwLock<String>>::default(), Arc::<AtomicUsize>::default());
        let publisher = Self { url, answer: Arc::clone(&answer), asked: Arc::clone(&asked) };
        publisher.publishes(&[]);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut block = [0; 4096];
                drop(stream.read(&mut block).await);
                asked.fetch_add(1, Ordering::SeqCst);
                let text = answer.read().unwrap().clone();
                // Who asked may have read enough.
                drop(stream.write_all(text.as_bytes()).await);
            }
        });
        publisher
    }

    fn says(&self, status: &str, header: &str, body: &str) {
        let length = body.len();
        *self.answer.write().unwrap() = format!(
            "HTTP/1.1 {status}\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    }

    fn publishes(&self, ids: &[&str]) {
        let keys: Vec<Value> = ids.iter().map(|id| key(id)["public"].clone()).collect();
        self.says("200 OK", "", &json!({ "keys": keys }).to_string());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Sessions whose first fetch is over.
    async fn sessions(&self, hand: &Hand, secret: Option<&str>) -> Sessions {
        let config = SessionConfig {
            secret: secret.map(Secret::new),
            jwks_url: Some(self.url.clone()),
            jwks_file: None,
            issuer: None,
            audience: "authenticated".to_owned(),
        };
        let sessions = Sessions::new(config, hand.clock()).unwrap();
        while self.asked() == 0 {
            tokio::task::yield_now().await;
        }
        // It holds the lock until it is over.
        drop(sessions.0.remote.as_ref().unwrap().fetches.lock().await);
        sessions
    }
}

/// A key of the vectors of the crate `session`.
fn key(id: &str) -> Value {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../session/tests/vectors/keys.json")).unwrap();
    vectors["keys"][id].clone()
}

fn claims() -> Value {
    let exp = Clock::system().now().unix_seconds() + 3600;
    json!({ "sub": USER, "aud": "authenticated", "role": "authenticated", "exp": exp })
}

/// A good session, signed by this key.
fn signed(id: &str) -> String {
    let private = STANDARD.decode(key(id)["private"].as_str().unwrap()).unwrap();
    let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) };
    encode(&header, &EncodingKey::from_ec_der(&private))
}

/// A token with the good claims, by aws-lc, whatever else is built into `jsonwebtoken`.
fn encode(header: &Header, key: &EncodingKey) -> String {
    // The second time it is installed already.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    jsonwebtoken::encode(header, &claims(), key).unwrap()
}

/// A token that names a key of which nobody has heard.
fn stranger(number: u32) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "ES256", "kid": format!("key-{number}") });
    format!("{}.{}.AAAA", part(header), part(claims()))
}

const UNKNOWN: NoSession = NoSession::Refused(SessionError::UnknownKey);

#[tokio::test]
async fn keys_rotate_without_a_wrong_answer() {
    let (hand, publisher) = (Hand::default(), Publisher::start().await);
    publisher.publishes(&["es-1"]);
    let sessions = publisher.sessions(&hand, Some(SECRET)).await;
    let (first, second) = (signed("es-1"), signed("es-2"));
    let shared = EncodingKey::from_secret(SECRET.as_bytes());
    let shared = encode(&Header::default(), &shared);
    let good =
        async |token: &str| sessions.verify(token).await.map(|session| session.user.to_string());
    let user = Ok(USER.to_owned());
    assert_eq!(good(&first).await, user);
    assert_eq!(good(&shared).await, user, "secret and keys side by side");
    assert_eq!(good(&second).await, Err(UNKNOWN));

    // A second key is published before it signs: the first token that names it makes the server fetch it.
    publisher.publishes(&["es-1", "es-2"]);
    hand.forward(31);
    assert_eq!(good(&second).await, user);
    assert_eq!(good(&first).await, user);
    // The first is revoked: it counts for ten minutes and no longer.
    publisher.publishes(&["es-2"]);
    hand.forward(599);
    assert_eq!(good(&first).await, user);
    hand.forward(2);
    assert_eq!(good(&first).await, Err(UNKNOWN));
    assert_eq!(good(&second).await, user);
    assert_eq!(good(&shared).await, user);
}

#[tokio::test]
async fn ten_thousand_unknown_keys_are_two_fetches_a_minute() {
    let (hand, publisher) = (Hand::default(), Publisher::start().await);
    publisher.publishes(&["es-1"]);
    let sessions = publisher.sessions(&hand, None).await;
    let token = signed("es-1");
    let before = publisher.asked();
    for number in 0..10_000 {
        assert_eq!(sessions.verify(&stranger(number)).await, Err(UNKNOWN), "{number}");
        if number % 1_000 == 0 {
            assert!(sessions.verify(&token).await.is_ok(), "nobody else notices");
        }
        if number % 167 == 0 {
            hand.forward(1);
        }
    }
    let minute = publisher.asked() - before;
    assert!((1..=2).contains(&minute), "{minute} fetches in a minute");
    // The same while they cannot be fetched.
    publisher.says("500 Internal Server Error", "", "");
    let before = publisher.asked();
    for number in 0..60 {
        hand.forward(1);
        assert_eq!(sessions.verify(&stranger(number)).await, Err(UNKNOWN), "{number}");
        assert!(sessions.verify(&token).await.is_ok());
    }
    let minute = publisher.asked() - before;
    assert!((1..=2).contains(&minute), "{minute} fetches in a minute");
}

#[tokio::test]
async fn the_last_good_keys_count_for_an_hour() {
    let (hand, publisher) = (Hand::default(), Publisher::start().await);
    publisher.publishes(&["es-1"]);
    let sessions = publisher.sessions(&hand, None).await;
    let token = signed("es-1");
    for (status, body) in [
        ("500 Internal Server Error", "{}"),
        ("200 OK", "no keys"),
        ("200 OK", &*"x".repeat(MAX_BYTES + 1)),
    ] {
        publisher.says(status, "", body);
        hand.forward(1_100);
        assert!(sessions.verify(&token).await.is_ok(), "{status}");
    }
    hand.forward(400);
    assert_eq!(sessions.verify(&token).await, Err(NoSession::KeysAway));
    publisher.publishes(&["es-1"]);
    hand.forward(31);
    assert!(sessions.verify(&token).await.is_ok());
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let hand = Hand::default();
    let (publisher, victim) = (Publisher::start().await, Publisher::start().await);
    victim.publishes(&["es-1"]);
    let inside = "http://169.254.169.254/latest/meta-data";
    for target in [&*victim.url, inside] {
        for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
            publisher.says(status, &format!("location: {target}\r\n"), "{}");
            let sessions = publisher.sessions(&hand, None).await;
            hand.forward(31);
            let answer = sessions.verify(&signed("es-1")).await;
            assert_eq!(answer, Err(NoSession::KeysAway), "{status} to {target}");
        }
    }
    assert_eq!(victim.asked(), 0, "it was followed");
}

#[tokio::test]
async fn a_file_of_keys_is_read_again_and_a_bad_one_is_not_used() {
    let hand = Hand::default();
    let path = std::env::temp_dir().join(format!("switchroom-keys-{}", uuid::Uuid::new_v4()));
    let publish = |ids: &[&str]| {
        let keys: Vec<Value> = ids.iter().map(|id| key(id)["public"].clone()).collect();
        std::fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
    };
    publish(&["es-1"]);
    let config = SessionConfig {
        secret: None,
        jwks_url: None,
        jwks_file: Some(path.clone()),
        issuer: None,
        audience: "authenticated".to_owned(),
    };
    let sessions = Sessions::new(config, hand.clock()).unwrap();
    let (first, second) = (signed("es-1"), signed("es-2"));
    assert!(sessions.verify(&first).await.is_ok());
    publish(&["es-2"]);
    assert_eq!(sessions.verify(&second).await.unwrap_err(), UNKNOWN);
    sessions.reload().await;
    assert!(sessions.verify(&second).await.is_ok());
    assert_eq!(sessions.verify(&first).await.unwrap_err(), UNKNOWN);
    std::fs::write(&path, "no keys").unwrap();
    sessions.reload().await;
    assert!(sessions.verify(&second).await.is_ok());
    std::fs::remove_file(&path).unwrap();
}
