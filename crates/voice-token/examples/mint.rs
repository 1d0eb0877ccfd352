//! Issues a voice token and reads it back.
//!
//! `cargo run -p voice-token --example mint`, with real credentials in the environment or without.

#![expect(clippy::disallowed_methods, reason = "a program passes the time to the library")]
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{AppSid, Timestamp};
use voice_token::{ApiKey, Identity, Issuer, Outgoing, VoiceGrant};

fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str, example: &str| env::var(name).unwrap_or_else(|_| example.to_owned());
    let account = setting("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001");
    let key = setting("TWILIO_API_KEY", "SK00000000000000000000000000000002");
    let secret = setting("TWILIO_API_SECRET", "s3cr3t-for-tests-only-32-bytes!!");
    let app = setting("TWILIO_APP_SID", "AP00000000000000000000000000000003");

    // A wrong Sid is reported here. Twilio would refuse the token without a reason.
    let key = ApiKey::parse(&key, &secret)?;
    let issuer = Issuer::new(account.parse()?, key.clone());

    let identity: Identity =
        setting("IDENTITY", "agent_7f3c2d1e00004000800000000000000a").parse()?;
    let app: AppSid = app.parse()?;
    let grant =
        VoiceGrant { incoming: true, outgoing: Some(Outgoing::from(app)), ..VoiceGrant::default() };

    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = Timestamp::from_unix_seconds(since_1970.as_secs().try_into()?);
    let jwt = issuer.issue(&identity, &grant.into(), now);
    println!("{jwt}");

    let token = key.verify(&jwt, now, Duration::from_secs(30))?;
    println!("for {} in {}, until {}", token.identity, token.account, token.expires_at);
    Ok(())
}
