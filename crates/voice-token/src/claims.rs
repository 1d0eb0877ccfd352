//! The claims as they are read, before they are checked.

use ::identity::{AppSid, ParseError};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    ChatGrant, Grants, JsonObject, Outgoing, PlaybackGrant, RtcGrant, SyncGrant, TaskRouterGrant,
    VerifyError, VideoGrant, VoiceGrant,
};

#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: Option<String>,
    pub(crate) cty: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) twr: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Claims<'a> {
    pub(crate) jti: Option<String>,
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) iat: Option<i64>,
    pub(crate) nbf: Option<i64>,
    pub(crate) exp: Option<i64>,
    #[serde(borrow)]
    pub(crate) grants: Option<RawGrants<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct RawGrants<'a> {
    pub(crate) identity: Option<String>,
    #[serde(borrow)]
    voice: Option<RawVoice<'a>>,
    video: Option<RawVideo>,
    chat: Option<RawChat>,
    data_sync: Option<RawSync>,
    task_router: Option<RawTaskRouter>,
    #[serde(borrow)]
    player: Option<&'a RawValue>,
    rtc: Option<RawRtc>,
    ip_messaging: Option<RawChat>,
}

#[derive(Deserialize)]
struct RawVoice<'a> {
    incoming: Option<RawIncoming>,
    #[serde(borrow)]
    outgoing: Option<RawOutgoing<'a>>,
    push_credential_sid: Option<String>,
    endpoint_id: Option<String>,
}

#[derive(Deserialize)]
struct RawIncoming {
    allow: Option<bool>,
}

#[derive(Deserialize)]
struct RawOutgoing<'a> {
    application_sid: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawVideo {
    room: Option<String>,
}

#[derive(Deserialize)]
struct RawChat {
    service_sid: Option<String>,
    endpoint_id: Option<String>,
    deployment_role_sid: Option<String>,
    push_credential_sid: Option<String>,
}

#[derive(Deserialize)]
struct RawSync {
    service_sid: Option<String>,
    endpoint_id: Option<String>,
}

#[derive(Deserialize)]
struct RawTaskRouter {
    workspace_sid: Option<String>,
    worker_sid: Option<String>,
    role: Option<String>,
}

#[derive(Deserialize)]
struct RawRtc {
    configuration_profile_sid: Option<String>,
}

impl RawGrants<'_> {
    pub(crate) fn check(self) -> Result<Grants, VerifyError> {
        Ok(Grants {
            voice: self.voice.map(RawVoice::check).transpose()?,
            video: self.video.map(|video| VideoGrant { room: video.room }),
            chat: self.chat.map(RawChat::check).transpose()?,
            sync: self.data_sync.map(RawSync::check).transpose()?,
            task_router: self.task_router.map(RawTaskRouter::check).transpose()?,
            playback: self
                .player
                .map(|raw| object(raw, "grants.player"))
                .transpose()?
                .map(|grant| PlaybackGrant { grant }),
            rtc: self.rtc.map(RawRtc::check).transpose()?,
            ip_messaging: self.ip_messaging.map(RawChat::check).transpose()?,
        })
    }
}

impl RawVoice<'_> {
    fn check(self) -> Result<VoiceGrant, VerifyError> {
        Ok(VoiceGrant {
            incoming: self.incoming.and_then(|incoming| incoming.allow).unwrap_or(false),
            outgoing: self.outgoing.map(RawOutgoing::check).transpose()?,
            push_credential: sid(self.push_credential_sid, "push_credential_sid")?,
            endpoint_id: self.endpoint_id,
        })
    }
}

impl RawOutgoing<'_> {
    fn check(self) -> Result<Outgoing, VerifyError> {
        let name = "grants.voice.outgoing.application_sid";
        let application: Option<AppSid> = sid(self.application_sid, name)?;
        let params = self.params.map(|raw| object(raw, "grants.voice.outgoing.params"));
        Ok(Outgoing {
            application: application.ok_or(VerifyError::Claim { name })?,
            params: params.transpose()?,
        })
    }
}

impl RawChat {
    fn check(self) -> Result<ChatGrant, VerifyError> {
        Ok(ChatGrant {
            service: sid(self.service_sid, "service_sid")?,
            endpoint_id: self.endpoint_id,
            deployment_role: sid(self.deployment_role_sid, "deployment_role_sid")?,
            push_credential: sid(self.push_credential_sid, "push_credential_sid")?,
        })
    }
}

impl RawSync {
    fn check(self) -> Result<SyncGrant, VerifyError> {
        let service = sid(self.service_sid, "grants.data_sync.service_sid")?;
        Ok(SyncGrant { service, endpoint_id: self.endpoint_id })
    }
}

impl RawTaskRouter {
    fn check(self) -> Result<TaskRouterGrant, VerifyError> {
        Ok(TaskRouterGrant {
            workspace: sid(self.workspace_sid, "grants.task_router.workspace_sid")?,
            worker: sid(self.worker_sid, "grants.task_router.worker_sid")?,
            role: self.role,
        })
    }
}

impl RawRtc {
    fn check(self) -> Result<RtcGrant, VerifyError> {
        let name = "grants.rtc.configuration_profile_sid";
        Ok(RtcGrant { configuration_profile: sid(self.configuration_profile_sid, name)? })
    }
}

/// Reads an optional Sid.
fn sid<S: std::str::FromStr<Err = ParseError>>(
    text: Option<String>,
    name: &'static str,
) -> Result<Option<S>, VerifyError> {
    text.map(|text| text.parse().map_err(|_| VerifyError::Claim { name })).transpose()
}

fn object(raw: &RawValue, name: &'static str) -> Result<JsonObject, VerifyError> {
    JsonObject::from_raw(raw).ok_or(VerifyError::Claim { name })
}
