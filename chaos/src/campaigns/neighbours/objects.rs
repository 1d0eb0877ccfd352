//! Trouble in the database: what the live chat's other programs and owners may do to their own rows.

use tokio_postgres::Client;

use super::Scene;
use crate::planted;
use crate::world::Workspace;

/// A month of calls for the first of these workspaces.
pub(super) async fn fill_log(scene: &Scene<'_>) {
    let calls = scene.context.pick(100_000, 1_000_000);
    let sql = format!(
        "insert into public.voice_calls (workspace_id, call_sid, direction, outcome, started_at, \
             answered_at, ended_at) \
           select '{}', 'CA' || md5(n::text), 'inbound', 'completed', at, at + interval '5 s', \
               at + interval '60 s' \
             from generate_series(1, {calls}) n, \
               lateral (select now() - n * interval '30 days' / {calls} as at) at; \
         analyze public.voice_calls",
        scene.others[0].id,
    );
    run(scene.database, &sql).await;
}

/// Contacts that all have one number, in the first of these workspaces.
pub(super) async fn add_contacts(scene: &Scene<'_>) {
    let contacts = scene.context.pick(100_000, 300_000);
    let sql = format!(
        "insert into public.livechat_contacts (workspace_id, display_name, phone_number) \
           select '{}', '{} ' || n, '{}' from generate_series(1, {contacts}) n; \
         analyze public.livechat_contacts",
        scene.others[0].id,
        planted::CONTACT,
        planted::number(0),
    );
    run(scene.database, &sql).await;
}

/// The contacts of this workspace go.
pub(super) async fn drop_contacts(database: &Client, workspace: &Workspace) {
    let id = &workspace.id;
    let gone = format!("delete from public.livechat_contacts where workspace_id = '{id}'");
    run(database, &gone).await;
}

async fn run(database: &Client, sql: &str) {
    database.batch_execute(sql).await.expect("the owner's statement");
}
