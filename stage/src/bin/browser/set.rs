//! The set-up of the browser tests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use emulator::{Clock, Config, Emulator, Gateway, Http};
use serde_json::json;
use stage::{Place, Stage, Team};

use super::leftovers;

/// The stage, one more workspace, and Twilio's addresses.
pub(super) struct Set {
    pub(super) stage: Stage,
    /// Fifty virtual agents, who pick up by themselves.
    pub(super) initech: Team,
    /// Twilio's API and the emulator's own.
    pub(super) front: Http,
    /// Where the Voice SDK connects to.
    pub(super) gateway: Gateway,
}

impl Set {
    /// Starts the server, Twilio and the agents.
    pub(super) async fn up(place: &Place, sdk: PathBuf, mark: &str) -> Result<Self, String> {
        let said = |error: std::io::Error| format!("the emulator: {error}");
        let config = Config { clock: Clock::Real, ..Config::default() };
        let twilio = Emulator::start(config).await.map_err(said)?;
        let front = twilio.listen_http(ANY_PORT).await.map_err(said)?;
        let gateway = twilio.gateway(ANY_PORT).await.map_err(said)?;
        let told = vec![
            (leftovers::NAME, mark.to_owned()),
            ("SWITCHROOM_SIGNALLING_URL", format!("wss://{}", gateway.address())),
            ("SWITCHROOM_VOICE_SDK", sdk.display().to_string()),
            ("SWITCHROOM_ALLOWED_ORIGINS", ORIGIN.to_owned()),
            ("TWILIO_API_BASE_URL", front.url()),
        ];
        let stage = Stage::set_up(place, twilio, told).await?;
        let initech = Team::initech(&stage.twilio, place, &stage.live_chat).await?;
        initech.answer_after(Duration::from_secs(1));
        stage.register_team(&initech).await?;
        // Rings must end before a test gives up.
        let policy = json!({ "routing": { "ring_seconds": 5 } });
        stage.live_chat.policy(stage.globex.id, &policy).await?;
        Ok(Self { stage, initech, front, gateway })
    }
}

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// The origin of the team's own host page, which uses the console's module.
pub(super) const ORIGIN: &str = "http://localhost:4004";
