//! What a token allows.

use ::identity::{
    AppSid, ConfigurationProfileSid, CredentialSid, RoleSid, ServiceSid, WorkerSid, WorkspaceSid,
};

use crate::JsonObject;

/// Everything that a token allows, one grant for each product.
///
/// A single grant converts into this; several grants are fields of it. `None` and `false` are left
/// out of the token.
///
/// # Examples
///
/// ```
/// use voice_token::{Grants, VideoGrant, VoiceGrant};
///
/// let voice = VoiceGrant { incoming: true, ..VoiceGrant::default() };
/// let both = Grants { video: Some(VideoGrant::default()), ..Grants::from(voice.clone()) };
/// assert_eq!(both.voice, Some(voice));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Grants {
    /// `voice`: Programmable Voice.
    pub voice: Option<VoiceGrant>,
    /// `video`: Video rooms.
    pub video: Option<VideoGrant>,
    /// `chat`: Conversations, and Programmable Chat before it.
    pub chat: Option<ChatGrant>,
    /// `data_sync`: Sync.
    pub sync: Option<SyncGrant>,
    /// `task_router`: `TaskRouter`.
    pub task_router: Option<TaskRouterGrant>,
    /// `player`: playback of a live stream.
    pub playback: Option<PlaybackGrant>,
    /// `rtc`: the first video rooms, which only old applications use.
    pub rtc: Option<RtcGrant>,
    /// `ip_messaging`: the first chat, which only old applications use. Its fields are those of
    /// `chat`.
    pub ip_messaging: Option<ChatGrant>,
}

/// Converts one grant into a set of grants.
macro_rules! only {
    ($grant:ident, $field:ident) => {
        impl From<$grant> for Grants {
            fn from(grant: $grant) -> Self {
                Self { $field: Some(grant), ..Self::default() }
            }
        }
    };
}

only!(VoiceGrant, voice);
only!(VideoGrant, video);
only!(ChatGrant, chat);
only!(SyncGrant, sync);
only!(TaskRouterGrant, task_router);
only!(PlaybackGrant, playback);
only!(RtcGrant, rtc);

/// Calls from and to a browser or phone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct VoiceGrant {
    /// Whether calls to the identity ring at the token's holder.
    pub incoming: bool,
    /// The target of calls that are placed with the token; without it, no call can be placed.
    pub outgoing: Option<Outgoing>,
    /// How a phone is woken for a call.
    pub push_credential: Option<CredentialSid>,
    /// The device, where push notifications tell devices apart.
    pub endpoint_id: Option<String>,
}

/// The target of outgoing calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// The `TwiML` App whose voice URL gets the call.
    pub application: AppSid,
    /// Parameters that reach the voice URL with each call. Anyone who holds the token can read them.
    pub params: Option<JsonObject>,
}

impl From<AppSid> for Outgoing {
    fn from(application: AppSid) -> Self {
        Self { application, params: None }
    }
}

/// A video room.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct VideoGrant {
    /// Name or Sid of the only room that may be entered; without it, any room may be entered.
    pub room: Option<String>,
}

/// Conversations, or Programmable Chat.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ChatGrant {
    /// The service of the conversations.
    pub service: Option<ServiceSid>,
    /// The device.
    pub endpoint_id: Option<String>,
    /// The role of the identity in the service.
    pub deployment_role: Option<RoleSid>,
    /// How a phone is notified of a message.
    pub push_credential: Option<CredentialSid>,
}

/// Sync.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SyncGrant {
    /// The Sid of the service of the documents.
    pub service: Option<ServiceSid>,
    /// The device.
    pub endpoint_id: Option<String>,
}

/// `TaskRouter`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TaskRouterGrant {
    /// The workspace.
    pub workspace: Option<WorkspaceSid>,
    /// The worker that the token speaks for.
    pub worker: Option<WorkerSid>,
    /// `worker` or `supervisor`.
    pub role: Option<String>,
}

/// Playback of a live stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlaybackGrant {
    /// The grant as the `PlaybackGrant` API returned it, verbatim.
    pub grant: JsonObject,
}

/// The first video rooms.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RtcGrant {
    /// The configuration profile.
    pub configuration_profile: Option<ConfigurationProfileSid>,
}
