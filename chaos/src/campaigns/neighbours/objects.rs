//! Trouble in the database: what the live chat's other programs and owners may do to their own rows.

use tokio_postgres::Client;

use super::{Scene, floods};
use crate::planted;
use crate::world::Workspace;

/// Locks the rows that number the changes of these workspaces, in a transaction that stays open.
pub(super) async fn lock_feeds(scene: &Scene<'_>) -> Client {
    floods::some_calls(scene).await;
    scene.server.drained().await;
    lock(scene, "voice_feeds").await
}

/// Locks their rows of the log while calls go on; then the calls end.
pub(super) async fn lock_messages(scene: &Scene<'_>) -> Client {
    let calls = floods::open_calls(scene).await;
    scene.server.drained().await;
    let client = lock(scene, "livechat_messages").await;
    floods::end_calls(scene, &calls).await;
    client
}

async fn lock(scene: &Scene<'_>, table: &str) -> Client {
    let client = scene.world.client().await;
    let all = ids(scene);
    let lock =
        format!("begin; select from public.{table} where workspace_id in ({all}) for update");
    client.batch_execute(&lock).await.expect("locked");
    client
}

/// A trigger on the live chat's log that raises an error, or sleeps, for these workspaces.
pub(super) async fn add_trigger(scene: &Scene<'_>, sleeps: bool) {
    let work = if sleeps {
        "perform pg_sleep(12);"
    } else {
        "raise exception 'not this row' using errcode = \
           (array['PT403', '42501', '42883', '38000', 'XX000']) \
             [1 + substr(new.workspace_id, 2)::int % 5];"
    };
    let sql = format!(
        "create function public.trouble() returns trigger language plpgsql as $$ begin \
           if new.workspace_id in ({all}) then {work} end if; return new; end $$; \
         create trigger trouble before insert or update on public.livechat_messages \
           for each row execute function public.trouble()",
        all = ids(scene)
    );
    run(scene.database, &sql).await;
}

pub(super) async fn drop_trigger(database: &Client) {
    run(database, "drop trigger trouble on livechat_messages; drop function trouble").await;
}

/// A policy of the owner's that refuses the rows of these workspaces.
pub(super) async fn add_policy(scene: &Scene<'_>) {
    let sql = format!(
        "create policy trouble on public.livechat_messages as restrictive for insert \
           to voice_livechat with check (workspace_id not in ({}))",
        ids(scene)
    );
    run(scene.database, &sql).await;
}

pub(super) async fn drop_policy(database: &Client) {
    run(database, "drop policy trouble on public.livechat_messages").await;
}

/// Five hundred agents for the first of these workspaces.
pub(super) async fn hire(scene: &Scene<'_>) {
    let sql = format!(
        "insert into public.user_profiles (id, workspace_id, full_name, workspace_role) \
           select gen_random_uuid(), '{}', '{} ' || n, 'agent' from generate_series(1, 500) n",
        scene.others[0].id,
        planted::AGENT,
    );
    run(scene.database, &sql).await;
}

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

/// Contacts whose names are 20 MB long, in the first of these workspaces.
pub(super) async fn lengthen_names(scene: &Scene<'_>) {
    let contacts = scene.context.pick(10, 40);
    let sql = format!(
        "update public.livechat_contacts set display_name = repeat('long name ', 2000000) \
           where id in (select id from public.livechat_contacts where workspace_id = '{}' \
             order by phone_number limit {contacts})",
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

/// The ids of these workspaces, as SQL.
fn ids(scene: &Scene<'_>) -> String {
    let all: Vec<String> = scene.others.iter().map(|one| format!("'{}'", one.id)).collect();
    all.join(", ")
}

async fn run(database: &Client, sql: &str) {
    database.batch_execute(sql).await.expect("the owner's statement");
}
