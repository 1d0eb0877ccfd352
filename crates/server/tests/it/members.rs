//! Members are kept in memory: how old what is known of them may be.

use crate::acknowledged::CALLER;
use crate::team::Team;
use crate::world::{World, until};

impl World {
    /// Waits until a call at this server would ring these agents.
    async fn comes_to_ring(&self, server: usize, team: &Team, want: &[u8]) {
        let mut call = 0x30;
        until("these agents ring", async || {
            // Another call each time: one that is over rings nobody.
            call = if call == 0x7f { 0x30 } else { call + 1 };
            self.rings_at(server, team, call).await == want
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_applied_counts_at_the_other() {
    let world = World::remembering(2).await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    for server in [0, 1] {
        assert_eq!(world.rings_at(server, &team, 1).await, [1, 2]);
    }
    world.leg(&team, 1, 1, "in-progress").await;
    assert_eq!(world.rings(&team, 2).await, [2], "on the same server at once");
    world.comes_to_ring(1, &team, &[2]).await;
    world.leg(&team, 1, 1, "completed").await;
    assert_eq!(world.rings(&team, 3).await, [1, 2], "on the same server at once");
    world.comes_to_ring(1, &team, &[1, 2]).await;
    // What an agent sets by hand, on one server.
    assert_eq!(world.set_status(&team, 2, "away").await.status, 200);
    for server in [0, 1] {
        world.comes_to_ring(server, &team, &[1]).await;
    }
    world.applied().await;
    for server in [0, 1] {
        world.comes_to_ring(server, &team, &[1]).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_who_come_go_or_change_their_role_are_noticed() {
    let world = World::remembering(2).await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    for server in [0, 1] {
        assert_eq!(world.rings_at(server, &team, 1).await, [1, 2]);
    }
    world.member(&team, 3, "admin").await;
    world.comes_to_ring(0, &team, &[1, 2, 3]).await;
    world.comes_to_ring(1, &team, &[1, 2, 3]).await;
    world.leaves(&team, 1).await;
    world.comes_to_ring(0, &team, &[2, 3]).await;
    world.comes_to_ring(1, &team, &[2, 3]).await;
    // Nobody has to wait for that where a token is asked for.
    let token = format!("token?identity={}", team.identity(3));
    assert_eq!(world.get(&team, 3, &token).await.status, 200);
    let sql =
        "update public.user_profiles set workspace_role = 'viewer' where full_name = 'Agent 3'";
    world.owner.client().batch_execute(sql).await.expect("demoted");
    assert_eq!(world.get(&team, 3, &token).await.status, 404);
    world.comes_to_ring(0, &team, &[2]).await;
    world.comes_to_ring(1, &team, &[2]).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_was_committed_before_the_call_counts() {
    let world = World::remembering(1).await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    assert_eq!(world.rings(&team, 1).await, [1, 2, 3]);
    world.contact(&team, CALLER, &[2]).await;
    assert_eq!(world.rings(&team, 2).await, [2]);
    let sql = "update public.livechat_contact_assignments set status = 'inactive'";
    world.owner.client().batch_execute(sql).await.expect("no assignment");
    assert_eq!(world.rings(&team, 3).await, [1, 2, 3]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_memory_answers_while_the_database_is_away_and_catches_up_after() {
    let world = World::remembering(2).await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    world.contact(&team, CALLER, &[1, 2]).await;
    for server in [0, 1] {
        assert_eq!(world.rings_at(server, &team, 1).await, [1, 2]);
    }
    world.applied().await;
    world.cut_off().await;
    for server in [0, 1] {
        assert_eq!(world.rings_at(server, &team, 2).await, [1, 2]);
    }
    // A change of which no notification can arrive.
    world.leaves(&team, 1).await;
    world.let_in().await;
    for server in [0, 1] {
        world.comes_to_ring(server, &team, &[2]).await;
    }
    world.stop().await;
}
