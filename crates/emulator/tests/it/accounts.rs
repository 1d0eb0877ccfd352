//! The resources of an account that set-up needs: the account, its numbers, apps and keys.

use emulator::Config;
use serde_json::json;

use crate::api::Api;
use crate::server::{Server, TOKEN, status};

#[tokio::test]
async fn the_account_is_read_as_set_up_checks_read_it() {
    let server = Server::start(|_| status(204)).await;
    let api = Api::start(&server, Config::default()).await;
    let sub = api.account.subaccount("sub-token").expect("a token").sid();
    let sid = api.account.sid();
    for suffix in [".json", ""] {
        let path = format!("/2010-04-01/Accounts/{sid}{suffix}");
        let got = api.rest("GET", &path, &[]).await;
        assert_eq!(got.status, 200, "{got:?}");
        let got = got.json();
        for (name, want) in [
            ("sid", json!(sid.as_str())),
            ("owner_account_sid", json!(sid.as_str())),
            ("auth_token", json!(TOKEN)),
            ("status", json!("active")),
            ("type", json!("Full")),
            ("uri", json!(format!("/2010-04-01/Accounts/{sid}.json"))),
        ] {
            assert_eq!(got[name], want, "{name}");
        }
    }
    let path = format!("/2010-04-01/Accounts/{sub}.json");
    let renamed = api.rest("POST", &path, &[("FriendlyName", "Shop")]).await.json();
    assert_eq!(renamed["friendly_name"], "Shop");
    assert_eq!(renamed["owner_account_sid"], sid.as_str());
    let listed = api.rest("GET", "/2010-04-01/Accounts.json?FriendlyName=Shop", &[]).await.json();
    assert_eq!(listed["accounts"], json!([renamed]));
    let refused = api.rest_as(sub.as_str(), "wrong", "GET", &path, &[]).await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!(20003)));
}
