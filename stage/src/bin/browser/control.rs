//! What tests ask of the stage: a line of JSON each, and a line for an answer.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A loopback port at which tests knock.
pub(super) struct Door {
    pub(super) port: u16,
    asked: UnboundedReceiver<Asked>,
    task: JoinHandle<()>,
}

/// One question.
pub(super) struct Asked {
    pub(super) question: Value,
    answer: oneshot::Sender<Value>,
}

impl Asked {
    /// Answers it.
    pub(super) fn answer(self, result: Result<Value, String>) {
        let answer = match result {
            Ok(value) => json!({ "ok": value }),
            Err(what) => json!({ "error": what }),
        };
        // Who has left does not listen.
        let _ = self.answer.send(answer);
    }
}

impl Door {
    pub(super) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (send, asked) = unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(attend(stream, send.clone()));
            }
        });
        Ok(Self { port, asked, task })
    }

    /// The next question; waits for ever if none comes.
    pub(super) async fn next(&mut self) -> Asked {
        match self.asked.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn attend(stream: TcpStream, send: UnboundedSender<Asked>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let (answer, answered) = oneshot::channel();
        let question = serde_json::from_str(&line).unwrap_or_default();
        if send.send(Asked { question, answer }).is_err() {
            return;
        }
        let Ok(answer) = answered.await else { return };
        if writer.write_all(format!("{answer}\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_gets_its_answer() {
        let mut door = Door::open().await.unwrap();
        let stream = TcpStream::connect(("127.0.0.1", door.port)).await.unwrap();
        let (reader, mut writer) = stream.into_split();
        writer.write_all(b"{\"do\":\"this\"}\n{\"do\":\"that\"}\n").await.unwrap();
        let mut lines = BufReader::new(reader).lines();
        let asked = door.next().await;
        assert_eq!(asked.question, json!({ "do": "this" }));
        asked.answer(Ok(json!(1)));
        assert_eq!(lines.next_line().await.unwrap().unwrap(), r#"{"ok":1}"#);
        door.next().await.answer(Err("no".to_owned()));
        assert_eq!(lines.next_line().await.unwrap().unwrap(), r#"{"error":"no"}"#);
    }
}
