//! Requests of the tests to the stage: one line of JSON each, and one line for the answer.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A loopback port for the requests of tests.
pub(super) struct Control {
    pub(super) port: u16,
    requests: UnboundedReceiver<Request>,
    task: JoinHandle<()>,
}

/// One request.
pub(super) struct Request {
    pub(super) question: Value,
    answer: oneshot::Sender<Value>,
}

impl Request {
    /// Sends the answer.
    pub(super) fn answer(self, result: Result<Value, String>) {
        let answer = match result {
            Ok(value) => json!({ "ok": value }),
            Err(what) => json!({ "error": what }),
        };
        // The test may have ended.
        let _ = self.answer.send(answer);
    }
}

impl Control {
    pub(super) async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (send, requests) = unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, send.clone()));
            }
        });
        Ok(Self { port, requests, task })
    }

    /// The next request; waits for ever if none comes.
    pub(super) async fn next(&mut self) -> Request {
        match self.requests.recv().await {
            Some(request) => request,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, send: UnboundedSender<Request>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let (answer, answered) = oneshot::channel();
        let question = serde_json::from_str(&line).unwrap_or_default();
        if send.send(Request { question, answer }).is_err() {
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
    async fn a_request_gets_its_answer() {
        let mut control = Control::listen().await.unwrap();
        let stream = TcpStream::connect(("127.0.0.1", control.port)).await.unwrap();
        let (reader, mut writer) = stream.into_split();
        writer.write_all(b"{\"do\":\"this\"}\n{\"do\":\"that\"}\n").await.unwrap();
        let mut lines = BufReader::new(reader).lines();
        let request = control.next().await;
        assert_eq!(request.question, json!({ "do": "this" }));
        request.answer(Ok(json!(1)));
        assert_eq!(lines.next_line().await.unwrap().unwrap(), r#"{"ok":1}"#);
        control.next().await.answer(Err("no".to_owned()));
        assert_eq!(lines.next_line().await.unwrap().unwrap(), r#"{"error":"no"}"#);
    }
}
