//! The plans of the lookups among a million contacts.

use serde_json::Value;
use tokio_postgres::Client;

use crate::support::*;

/// 200 workspaces of 5,000 contacts, some of them assigned. Every number is in every workspace.
const CONTACTS: &str = "\
insert into livechat_contacts (id, workspace_id, display_name, phone_number) \
  select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'ws_' || n % 200, 'C', \
    '+1500' || lpad((n / 200)::text, 7, '0') from generate_series(0, 999999) n; \
insert into livechat_contact_assignments (workspace_id, contact_id, user_id, status) \
  select 'ws_' || n % 200, ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, \
    ('10000000-0000-4000-8000-' || lpad((n % 10)::text, 12, '0'))::uuid, \
    case when n % 3 = 0 then 'closed' else 'active' end from generate_series(0, 299999) n";

/// Each workspace has ten agents and some thousand calls.
const CALLS: &str = "\
insert into user_profiles select ('10000000-0000-4000-8000-' || lpad((n % 10)::text, 12, '0'))::uuid, \
    'ws_' || n / 10, 'A', 'agent' from generate_series(0, 1999) n; \
insert into voice_calls (workspace_id, call_sid, direction, outcome, handled_by, started_at, ended_at) \
  select 'ws_' || n % 200, 'CA' || n, case when n % 4 = 0 then 'outbound' else 'inbound' end, \
    'completed', ('10000000-0000-4000-8000-' || lpad((n % 10)::text, 12, '0'))::uuid, \
    '2026-01-01Z'::timestamptz - n * interval '1 minute', \
    '2026-01-01Z'::timestamptz - n * interval '1 minute' from generate_series(0, 199999) n; \
insert into voice_legs \
    (workspace_id, leg_sid, call_sid, user_id, status, answered_at, ended_at) \
  select 'ws_' || n % 200, 'CAl' || n, 'CA' || n, \
    ('10000000-0000-4000-8000-' || lpad((n % 10)::text, 12, '0'))::uuid, 'completed', \
    '2026-01-01Z', case when n % 10000 > 20 then '2026-01-01Z'::timestamptz end \
  from generate_series(0, 199999) n; \
analyze";

/// Tables that grow for ever; the others have some rows a workspace.
const BIG: [&str; 5] = [
    "livechat_contacts",
    "livechat_contact_assignments",
    "voice_calls",
    "voice_legs",
    "user_profiles",
];

/// Every node of a plan, from the top.
fn nodes<'a>(plan: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(plan);
    for child in plan["Plans"].as_array().into_iter().flatten() {
        nodes(child, found);
    }
}

/// Explains a prepared statement as one of the roles, with the plan that fits all values.
async fn explain(client: &Client, role: &str, types: &str, sql: &str, values: &str) -> Value {
    client
        .batch_execute(&format!(
            "set role {role}; set plan_cache_mode = force_generic_plan; prepare lookup ({types}) as {sql}; begin; \
             set local role {role}; select set_config('voice.workspace_id', 'ws_7', true), \
             set_config('request.jwt.claims', \
               '{{\"sub\":\"10000000-0000-4000-8000-000000000003\"}}', true)"
        ))
        .await
        .expect("prepared");
    // The first time, what is read is the catalogue.
    client.batch_execute(&format!("execute lookup ({values})")).await.expect("an answer");
    let sql = format!("explain (analyze, buffers, format json) execute lookup ({values})");
    let row = client.query_one(&sql, &[]).await.expect("a plan");
    client.batch_execute("commit; deallocate lookup; reset role").await.expect("done");
    row.get::<_, Value>(0)[0]["Plan"].clone()
}

#[tokio::test]
async fn lookups_use_an_index_among_a_million_contacts() {
    let db = Db::new().await;
    db.execute(CONTACTS);
    db.execute(CALLS);
    let client = db.client(LOGIN).await;
    let call = "'CA00000000000000000000000000000001'";
    let time = "'2025-12-31 20:00Z'";
    let user = "'10000000-0000-4000-8000-000000000003'";
    let number = "'+15000000042'";
    let cases = [
        (
            "caller",
            store_pg::CALLER,
            "text, text[], text",
            format!("'ws_7', array['00000042'], {call}"),
        ),
        (
            "claim_call",
            store_pg::CLAIM_CALL,
            "text, jsonb",
            format!(
                "'ws_7', jsonb_build_object('agent', {user}, 'number', {number}, 'call', {call}, \
                 'max_own', 30, 'own_since', {time}, 'max_of_all', 1000, 'of_all_since', {time}, \
                 'oldest_call', {time}, 'now', {time})"
            ),
        ),
    ];
    for (name, sql, types, values) in cases {
        let plan = explain(&client, "voice_webhook", types, sql, &values).await;
        let mut found = Vec::new();
        nodes(&plan, &mut found);
        for node in found {
            let (kind, table) = (&node["Node Type"], node["Relation Name"].as_str().unwrap_or(""));
            if !BIG.contains(&table) {
                continue;
            }
            let by_index = ["Index Scan", "Index Only Scan", "Bitmap Heap Scan"];
            assert!(by_index.iter().any(|scan| kind == scan), "{name}: {kind} on {table}");
            let condition = [&node["Index Cond"], &node["Recheck Cond"]]
                .map(|condition| condition.as_str().unwrap_or_default())
                .concat();
            assert!(condition.contains("workspace_id = "), "{name}, {table}: {node:#}");
        }
        // Rows are found by looking at few pages, also by the functions inside, which no plan shows.
        let pages = plan["Shared Hit Blocks"].as_i64().unwrap_or(i64::MAX)
            + plan["Shared Read Blocks"].as_i64().unwrap_or(i64::MAX);
        assert!(pages < 200, "{name}: {pages} pages: {plan:#}");
    }
}

/// The conditions by which a scan finds its rows.
fn condition(node: &Value) -> String {
    [&node["Index Cond"], &node["Recheck Cond"]]
        .map(|condition| condition.as_str().unwrap_or_default())
        .concat()
}

#[tokio::test]
async fn the_log_its_filters_and_the_numbers_use_an_index() {
    let db = Db::new().await;
    db.execute(CALLS);
    // Of a thousand calls of the workspace, one was missed and one is an agent's who took no other.
    db.execute(
        "update voice_calls set direction = 'inbound'; \
         update voice_calls set outcome = 'no_answer', handled_by = null \
           where workspace_id = 'ws_7' and call_sid = 'CA199807'; \
         update voice_calls set direction = 'outbound', \
             handled_by = '20000000-0000-4000-8000-000000000000' \
           where workspace_id = 'ws_7' and call_sid = 'CA199607'; \
         analyze voice_calls",
    );
    let client = db.client(LOGIN).await;
    let page = "text, timestamptz, text, bigint, uuid, text, boolean";
    let agent = "'20000000-0000-4000-8000-000000000000'";
    let cases = [
        ("log", store_pg::CALLS, "null, null, null", 20, "idx_voice_calls_log"),
        (
            "of an agent",
            store_pg::CALLS_OF_AGENT,
            &*format!("{agent}, null, null"),
            1,
            "idx_voice_calls_agent",
        ),
        ("inbound", store_pg::CALLS_IN, "null, 'inbound', null", 20, "idx_voice_calls_inbound"),
        ("outbound", store_pg::CALLS_OUT, "null, 'outbound', null", 1, "idx_voice_calls_outbound"),
        ("missed", store_pg::CALLS_MISSED, "null, null, false", 1, "idx_voice_calls_missed"),
    ];
    // The first page, and one in the middle.
    let pages = ["'9999-12-31', ''", "'2025-10-20 00:00Z', 'CA'"];
    let cases = cases.iter().flat_map(|case| pages.map(|page| (case, page)));
    for ((name, sql, values, rows, index), before) in cases {
        let is_first = before == pages[0];
        let values = format!("'ws_7', {before}, 20, {values}");
        let plan = explain(&client, "voice_agent", page, sql, &values).await;
        let mut found = Vec::new();
        nodes(&plan, &mut found);
        let scans: Vec<&&Value> =
            found.iter().filter(|node| node["Relation Name"] == "voice_calls").collect();
        assert_eq!(scans.len(), 1, "{name}");
        assert_eq!(scans[0]["Index Name"], *index, "{name}: {plan:#}");
        assert!(condition(scans[0]).contains("workspace_id = "), "{name}: {plan:#}");
        let found = scans[0]["Actual Rows"].as_f64();
        // The only one is newer than the middle.
        let want =
            if is_first || *rows > 1 { f64::from(*rows) } else { found.unwrap_or(9.0).min(1.0) };
        assert_eq!(found, Some(want), "{name}");
        let removed = scans[0]["Rows Removed by Filter"].as_i64().unwrap_or(0);
        assert!(removed <= 1, "{name}: {removed} rows were looked at in vain");
    }
    // The calls of a day among those of half a year.
    let (since, until) = ("'2025-12-31 00:00Z'", "'2026-01-01 00:00Z'");
    let types = "text, timestamptz, timestamptz, timestamptz";
    let values = format!("'ws_7', {since}, {until}, {since}");
    let plan = explain(&client, "voice_agent", types, store_pg::STATS, &values).await;
    let mut found = Vec::new();
    nodes(&plan, &mut found);
    let scans: Vec<&&Value> =
        found.iter().filter(|node| node["Relation Name"] == "voice_calls").collect();
    assert_eq!(scans.len(), 2, "{plan:#}");
    for scan in scans {
        let by = condition(scan);
        assert!(by.contains("workspace_id = ") && by.contains("started_at"), "{scan:#}");
        assert!(scan["Actual Rows"].as_f64().is_some_and(|rows| rows < 50.0), "{scan:#}");
    }
}
