//! Grants as they are written in a token: unset fields are left out.

use crate::json::Object;
use crate::{
    ChatGrant, Grants, Outgoing, RtcGrant, SyncGrant, TaskRouterGrant, VideoGrant, VoiceGrant,
};

impl Grants {
    pub(crate) fn render(&self, out: &mut Object<'_>) {
        if let Some(voice) = &self.voice {
            out.object("voice", |object| voice.render(object));
        }
        if let Some(video) = &self.video {
            out.object("video", |object| video.render(object));
        }
        if let Some(chat) = &self.chat {
            out.object("chat", |object| chat.render(object));
        }
        if let Some(sync) = &self.sync {
            out.object("data_sync", |object| sync.render(object));
        }
        if let Some(task_router) = &self.task_router {
            out.object("task_router", |object| task_router.render(object));
        }
        if let Some(playback) = &self.playback {
            out.key("player").push_str(playback.grant.as_str());
        }
        if let Some(rtc) = &self.rtc {
            out.object("rtc", |object| rtc.render(object));
        }
        if let Some(chat) = &self.ip_messaging {
            out.object("ip_messaging", |object| chat.render(object));
        }
    }
}

impl VoiceGrant {
    fn render(&self, out: &mut Object<'_>) {
        if self.incoming {
            out.key("incoming").push_str(r#"{"allow":true}"#);
        }
        if let Some(outgoing) = &self.outgoing {
            out.object("outgoing", |object| outgoing.render(object));
        }
        out.optional("push_credential_sid", self.push_credential.as_ref());
        out.optional("endpoint_id", self.endpoint_id.as_ref());
    }
}

impl Outgoing {
    fn render(&self, out: &mut Object<'_>) {
        out.text("application_sid", self.application.as_str());
        if let Some(params) = &self.params {
            out.key("params").push_str(params.as_str());
        }
    }
}

impl VideoGrant {
    fn render(&self, out: &mut Object<'_>) {
        out.optional("room", self.room.as_ref());
    }
}

impl ChatGrant {
    fn render(&self, out: &mut Object<'_>) {
        out.optional("service_sid", self.service.as_ref());
        out.optional("endpoint_id", self.endpoint_id.as_ref());
        out.optional("deployment_role_sid", self.deployment_role.as_ref());
        out.optional("push_credential_sid", self.push_credential.as_ref());
    }
}

impl SyncGrant {
    fn render(&self, out: &mut Object<'_>) {
        out.optional("service_sid", self.service.as_ref());
        out.optional("endpoint_id", self.endpoint_id.as_ref());
    }
}

impl TaskRouterGrant {
    fn render(&self, out: &mut Object<'_>) {
        out.optional("workspace_sid", self.workspace.as_ref());
        out.optional("worker_sid", self.worker.as_ref());
        out.optional("role", self.role.as_ref());
    }
}

impl RtcGrant {
    fn render(&self, out: &mut Object<'_>) {
        out.optional("configuration_profile_sid", self.configuration_profile.as_ref());
    }
}
