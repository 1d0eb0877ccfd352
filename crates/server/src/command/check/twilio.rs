//! Twilio: does it accept the credentials, and does its clock agree with ours?

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use identity::CallSid;
use twilio_rest::{Account, ApiSecret, BaseUrl, Client, Credentials, Error, Settings};

use super::Report;
use super::database::Found;
use super::fetch::{self, MOST_SKEW};
use crate::config::Config;
use crate::place::Place;
use crate::reconcile::Jitter;

pub(super) async fn look(config: &Config, workspaces: &[Found], report: &mut Report) {
    let base = config.reconcile.api.clone().unwrap_or_else(BaseUrl::twilio);
    let Ok(request) = Request::head(base.as_str()).body(Full::new(Bytes::new())) else { return };
    match fetch::fetch(&config.clock, request).await {
        Ok(fetched) => match fetched.skew {
            Some(skew) if skew > MOST_SKEW => report.fault(
                format!("the clock of this machine is {} s from Twilio's", skew.as_secs()),
                "let this machine follow a time server",
            ),
            Some(_) => report.good("clock of this machine"),
            None => report.skipped("clock of this machine", "Twilio's API sent no date"),
        },
        Err(error) if error.is_distrust() => {
            report.fault(
                format!("the certificate of Twilio's API is signed by no authority that this machine \
                         knows: {error}"),
                "install the package ca-certificates, or name a file with the authority of the proxy \
                 that opens TLS by SSL_CERT_FILE",
            );
            return;
        }
        Err(error) => {
            report.skipped("credentials at Twilio", format!("its API cannot be reached: {error}"));
            return;
        }
    }
    let Ok(client) = Client::new(Settings { base, ..Settings::twilio() }, Jitter) else { return };
    for found in workspaces {
        let (region, edge) = (found.row.region.as_deref(), found.row.edge.as_deref());
        match Place::read(region, edge) {
            Ok(place) => {
                let own = config.reconcile.api.clone().unwrap_or_else(|| place.api());
                workspace(&client, &own, found, report).await;
            }
            Err(error) => report.fault(
                format!("what is stored of the region or edge of workspace {} {error}", found.id),
                format!("`switchroom workspace set {} --region … --edge …`", found.id),
            ),
        }
    }
}

async fn workspace(client: &Client, base: &BaseUrl, found: &Found, report: &mut Report) {
    let Found { id, row, credentials } = found;
    let secret = ApiSecret::new(credentials.api_secret.as_str());
    let key = Credentials::api_key(row.account, row.api_key, secret);
    if !accepted(client.account(&key).at(base), &format!("the API key of workspace {id}"), report)
        .await
    {
        return;
    }
    let tokens = credentials.auth_tokens.iter().enumerate();
    for (index, token) in tokens {
        let token = Credentials::auth_token(row.account, ApiSecret::new(token.as_str()));
        let which = if index == 0 { "the auth token" } else { "the previous auth token" };
        if !accepted(client.account(&token).at(base), &format!("{which} of workspace {id}"), report)
            .await
        {
            return;
        }
    }
    report.good(&format!("credentials of workspace {id} at Twilio"));
}

/// Asks for a call that does not exist. With valid credentials, Twilio answers that there is none.
async fn accepted(account: Account<'_>, what: &str, report: &mut Report) -> bool {
    match account.call(CallSid::from_bytes([0; 16])).await {
        Ok(_) => true,
        Err(error @ Error::Refused(_)) if error.is_unauthorized() => {
            report.fault(
                format!("Twilio does not accept {what}: {error}"),
                "add the workspace again with the credentials in the account's console: `switchroom \
                 workspace add`",
            );
            false
        }
        Err(error) => {
            report.skipped(what, error);
            false
        }
    }
}
