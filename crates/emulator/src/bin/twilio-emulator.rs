//! A Twilio on loopback, for programs in any language: see README-BINARY.md of this crate.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use emulator::{Account, Clock, Config, Emulator, Gateway, Http, Route, Select};
use serde_json::{Value, json};

/// Runs a Twilio on loopback: REST API, webhooks, browsers, and a page that shows everything.
#[derive(Parser)]
#[command(name = "twilio-emulator", version)]
struct Options {
    /// The address of the REST API, the control API and the page.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8014")]
    listen: SocketAddr,
    /// The address of the gateway for the Voice SDK, over TLS; port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    gateway: SocketAddr,
    /// A JSON file with accounts, numbers, apps, keys, devices and phones.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The Sid of the account; otherwise it is derived from the seed.
    #[arg(long, value_name = "AC…", conflicts_with = "config")]
    account_sid: Option<String>,
    /// The auth token of the account; otherwise it is derived from the seed.
    #[arg(long, value_name = "TOKEN", conflicts_with = "config")]
    auth_token: Option<String>,
    /// A number of the account and its voice URL; may be repeated.
    #[arg(long, value_name = "NUMBER=URL")]
    number: Vec<String>,
    /// A TwiML App of the account: its URL, or its Sid and its URL; may be repeated.
    #[arg(long, value_name = "[AP…=]URL")]
    app: Vec<String>,
    /// An API key of the account; otherwise one is derived from the seed.
    #[arg(long, value_name = "SK…=SECRET")]
    key: Vec<String>,
    /// A phone that you answer by hand; may be repeated.
    #[arg(long, value_name = "NUMBER")]
    phone: Vec<String>,
    /// Sends webhooks to this scheme and host: those whose URL has HOST, or all; may be repeated.
    #[arg(long, value_name = "[HOST=]http://HOST:PORT")]
    route: Vec<String>,
    /// How the emulated time passes: real, auto (no time passes for waiting) or scaled:N.
    #[arg(long, value_name = "CLOCK", default_value = "real")]
    clock: Clock,
    /// How many calls of the REST API begin in a second; 0 means no limit.
    #[arg(long, value_name = "N", default_value_t = 1)]
    calls_per_second: u32,
    /// Every Sid and secret that is not given is derived from this number.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // If this fails, there is nowhere left to report it.
            let _ = writeln!(std::io::stderr(), "twilio-emulator: {text}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), String> {
    let config = Config {
        clock: options.clock,
        seed: options.seed,
        calls_per_second: NonZeroU32::new(options.calls_per_second),
        ..Config::default()
    };
    let twilio = Emulator::start(config).await.map_err(|error| error.to_string())?;
    let description = match &options.config {
        Some(file) => {
            std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => described(options)?.to_string(),
    };
    twilio.set_up(&description).map_err(|error| error.to_string())?;
    if twilio.accounts().is_empty() {
        // The file has none.
        let account = json!({ "accounts": [{ "keys": [{}] }] }).to_string();
        twilio.set_up(&account).map_err(|error| error.to_string())?;
    }
    for route in &options.route {
        twilio.route(routed(route)?);
    }
    let taken = |what: &str, address: SocketAddr| {
        let what = what.to_owned();
        move |error: std::io::Error| format!("{what} {address}: {error}")
    };
    let http = twilio.listen_http(options.listen).await;
    let http = http.map_err(taken("--listen", options.listen))?;
    let gateway = twilio.gateway(options.gateway).await;
    let gateway = gateway.map_err(taken("--gateway", options.gateway))?;
    let mut output = std::io::stdout();
    let written = output.write_all(greeting(&twilio, &http, &gateway).as_bytes());
    written.and_then(|()| output.flush()).map_err(|error| format!("standard output: {error}"))?;
    ended().await.map_err(|error| error.to_string())
}

/// Reads `http://HOST:PORT`, or `HOST=http://HOST:PORT`.
fn routed(text: &str) -> Result<Route, String> {
    let (host, base) = match text.split_once('=') {
        Some((host, base)) if !host.contains("://") => (Some(host), base),
        _ => (None, text),
    };
    let rule = || format!("--route: {text:?} is not [HOST=]http://HOST:PORT");
    if host.is_some_and(str::is_empty) || !base.starts_with("http://") {
        return Err(rule());
    }
    Ok(Route { on: Select::ALL, host: host.map(str::to_owned), bases: vec![base.to_owned()] })
}

/// The options in the form of the file.
fn described(options: &Options) -> Result<Value, String> {
    let pair = |text: &String, name: &str| {
        let parts = text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
        parts.ok_or_else(|| format!("--{name}: `=` is missing"))
    };
    let mut numbers = Vec::new();
    for number in &options.number {
        let (number, url) = pair(number, "number")?;
        numbers.push(json!({ "number": number, "voice_url": url }));
    }
    let apps = options.app.iter().map(|app| match app.split_once('=') {
        Some((sid, url)) if sid.starts_with("AP") => json!({ "sid": sid, "voice_url": url }),
        _ => json!({ "voice_url": app }),
    });
    let mut keys = Vec::new();
    for key in &options.key {
        let (sid, secret) = pair(key, "key")?;
        keys.push(json!({ "sid": sid, "secret": secret }));
    }
    if keys.is_empty() {
        keys.push(json!({}));
    }
    let phones = options.phone.iter();
    let phones = phones.map(|number| json!({ "number": number, "behaviour": "by_hand" }));
    Ok(json!({
        "accounts": [{
            "sid": options.account_sid,
            "auth_token": options.auth_token,
            "numbers": numbers,
            "apps": apps.collect::<Vec<_>>(),
            "keys": keys,
        }],
        "phones": phones.collect::<Vec<_>>(),
    }))
}

/// All addresses and credentials, to be pasted into a shell.
fn greeting(twilio: &Emulator, http: &Http, gateway: &Gateway) -> String {
    let url = http.url();
    let mut text = format!(
        "A Twilio that fits in a test. Watch and control it at {url}/\n\n\
         export TWILIO_API_BASE_URL={url}\n"
    );
    for (index, account) in twilio.accounts().iter().enumerate() {
        describe(&mut text, account, index);
    }
    // A `String` takes everything.
    let _ = write!(
        text,
        "\nBrowsers (Voice SDK): chunderw: '{}' over TLS with the key\n  {}\nor ws://{}/signal\n\n\
         Ctrl-C stops it.\n",
        gateway.chunderw(),
        gateway.spki_sha256(),
        http.address(),
    );
    text
}

fn describe(text: &mut String, account: &Account, index: usize) {
    let comment = if index == 0 { "" } else { "# " };
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{comment}export {name}={value}");
    };
    line("TWILIO_ACCOUNT_SID", account.sid().as_str());
    line("TWILIO_AUTH_TOKEN", &account.auth_token());
    for key in account.api_keys().iter().take(1) {
        line("TWILIO_API_KEY_SID", key.sid.as_str());
        line("TWILIO_API_KEY_SECRET", &key.secret);
    }
    for app in account.apps().iter().take(1) {
        line("TWILIO_TWIML_APP_SID", app.as_str());
    }
    for number in account.numbers() {
        let _ = writeln!(text, "# number {number}");
    }
}

/// Waits for Ctrl-C, or for the signal that stops services.
async fn ended() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut term = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended,
            _ = term.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
