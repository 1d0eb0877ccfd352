//! What a server remembers about one workspace's calls, while another workspace names them or fills
//! the memory. The database is away, so that memory is all there is.

use harness::http::Connection;
use tokio::task::JoinSet;

use crate::program::Server;
use crate::story::{Call, now};
use crate::verdict::{Verdict, judge};
use crate::world::{Workspace, World};

/// Whose memory was mistaken for whose.
pub(super) async fn confused(world: &World<'_>, server: &Server) -> Vec<String> {
    let [one, other] = world.workspaces.last_chunk().expect("two").each_ref();
    let mut connection = Connection::to(server.address());
    let [over, live] = [0, 2].map(|caller| Call::new(one, MANY * 1_000 + caller, now()));
    for step in over.steps() {
        connection.ask(&step.request).await.expect("an answer");
    }
    connection.ask(&live.voice().request).await.expect("an answer");
    // Both are known when the database goes away.
    connection.ask(&ended(other, "CA00000000000000000000000000000001")).await.expect("an answer");
    server.drained().await;
    world.postgres.freeze();

    let mut confused = Vec::new();
    let (answer, _) = connection.ask(&ended(other, live.sid.as_str())).await.expect("an answer");
    assert_eq!(answer.status, 204, "the other workspace is known");
    let (sid, path) = (live.sid.to_string(), one.path("voice/dial?rung="));
    let params = [("CallSid", &*sid), ("DialCallStatus", "no-answer"), ("From", "+14158675309")];
    let (answer, _) = connection.ask(&one.signed(&path, &params)).await.expect("an answer");
    if judge(true, &answer) == Verdict::HangsUp {
        confused.push("another workspace's callback ended a call".to_owned());
    }

    fill(server, other).await;
    let (answer, _) = connection.ask(&over.voice().request).await.expect("an answer");
    if judge(true, &answer) != Verdict::HangsUp {
        confused.push("another workspace's calls let a call ring that is over".to_owned());
    }
    world.postgres.thaw();
    confused
}

/// Ends more calls than a server remembers.
async fn fill(server: &Server, other: &Workspace) {
    let mut all = JoinSet::new();
    for lane in 0..LANES {
        let (address, other) = (server.address(), other.clone());
        all.spawn(async move {
            let mut connection = Connection::to(address);
            for number in (lane..MANY).step_by(LANES as usize) {
                let request = ended(&other, &format!("CAffffffff{number:024x}"));
                connection.ask(&request).await.expect("an answer");
            }
        });
    }
    all.join_all().await;
}

fn ended(workspace: &Workspace, call: &str) -> Vec<u8> {
    let params = [("CallSid", call), ("CallStatus", "completed"), ("From", "+14158675309")];
    workspace.signed(&workspace.path("voice/status"), &params)
}

/// More than are remembered.
const MANY: u32 = 10_050;
const LANES: u32 = 64;
