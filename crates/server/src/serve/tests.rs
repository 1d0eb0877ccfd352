//! A background task that fails stops the server.

use std::future::{pending, ready};
use std::path::PathBuf;

use uuid::Uuid;

use super::*;

/// A directory for one server.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name = format!("switchroom-serve-{}", Uuid::new_v4().simple());
        Self(std::env::temp_dir().join(name))
    }

    /// A server whose database is away, which is no reason to stop.
    async fn server(&self) -> Server {
        let config = Config::read(|name| {
            let text = match name {
                "DATABASE_URL" => "postgres://voice_app@127.0.0.1:9/none",
                "SWITCHROOM_DATA_DIR" => self.0.to_str()?,
                "SWITCHROOM_LISTEN" => "127.0.0.1:0",
                "SWITCHROOM_SESSION_SECRET" => "a-session-secret-of-at-least-32-bytes",
                "SWITCHROOM_SECRETS_KEY" => "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "TWILIO_API_BASE_URL" => "http://127.0.0.1:9",
                _ => return None,
            };
            Some(text.to_owned())
        });
        Server::start(config.unwrap()).await.unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left is found under the system's temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_has_not_failed() {
    let directory = Directory::new();
    assert_eq!(directory.server().await.run_until(ready(())).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_panics_or_returns_stops_the_server() {
    let directory = Directory::new();
    let server = directory.server().await;
    let _ = server.tasks.spawn("one more", &server.stop, async { panic!("as the test wants it") });
    let failed = server.run_until(pending()).await;
    assert_eq!(failed, Err(TaskFailed::Panicked("one more")));

    let server = directory.server().await;
    let _ = server.tasks.spawn("one more", &server.stop, async {});
    let failed = server.run_until(pending()).await;
    assert_eq!(failed, Err(TaskFailed::Ended("one more")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applier_that_lost_its_spool_stops_the_server() {
    let directory = Directory::new();
    let server = directory.server().await;
    let spool = server.journal.spool().clone();
    tokio::task::spawn_blocking(move || spool.close()).await.unwrap();
    let failed = server.run_until(pending()).await;
    assert_eq!(failed, Err(TaskFailed::Ended("applier")));
}
