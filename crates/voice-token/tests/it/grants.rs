//! Every grant and option, byte for byte as the official library writes it.

use std::time::Duration;

use serde_json::Value;
use voice_token::{
    ChatGrant, Grants, Issuer, JsonObject, Outgoing, PlaybackGrant, RtcGrant, SyncGrant,
    TaskRouterGrant, Ttl, VideoGrant, VoiceGrant,
};

use crate::{KEY, NOW, SECRET, issuer, key};

/// Made with the official Python library; `about` in the file says how.
const VECTORS: &str = include_str!("../vectors/grant-vectors.json");

const AGENT: &str = "agent_7f3c2d1e";

fn sid<S: std::str::FromStr<Err = identity::ParseError>>(prefix: &str, number: u32) -> S {
    format!("{prefix}{number:032x}").parse().expect("a Sid")
}

fn object(text: &str) -> JsonObject {
    text.parse().expect("an object")
}

fn chat() -> ChatGrant {
    ChatGrant {
        service: Some(sid("IS", 5)),
        endpoint_id: Some("e1".into()),
        deployment_role: Some(sid("RL", 6)),
        push_credential: Some(sid("CR", 7)),
    }
}

fn incoming() -> VoiceGrant {
    VoiceGrant { incoming: true, ..VoiceGrant::default() }
}

fn several() -> Grants {
    Grants {
        voice: Some(incoming()),
        video: Some(VideoGrant { room: Some("r".into()) }),
        chat: Some(ChatGrant { service: Some(sid("IS", 5)), ..ChatGrant::default() }),
        sync: Some(SyncGrant::default()),
        task_router: Some(TaskRouterGrant {
            role: Some("supervisor".into()),
            ..TaskRouterGrant::default()
        }),
        playback: Some(PlaybackGrant { grant: object(r#"{"a":[1,{"b":false}]}"#) }),
        ..Grants::default()
    }
}

/// The recorded grants, identities and options by their names.
fn recorded(id: &str) -> (Issuer, &'static str, Grants) {
    // The Python library writes `nbf`.
    let issuer = issuer().not_before(Duration::ZERO);
    let grants: Grants = match id {
        "voice-full" => VoiceGrant {
            incoming: true,
            outgoing: Some(Outgoing {
                application: sid("AP", 3),
                params: Some(JsonObject::from_pairs([
                    ("team", "sales"),
                    ("note", r#""hi" \ there"#),
                ])),
            }),
            push_credential: Some(sid("CR", 4)),
            endpoint_id: Some("device-1".into()),
        }
        .into(),
        "voice-empty" => VoiceGrant::default().into(),
        "video-any-room" | "email-identity" => VideoGrant::default().into(),
        "video-room" => VideoGrant { room: Some(r#"daily/"1""#.into()) }.into(),
        "chat-full" => chat().into(),
        "sync-full" => {
            SyncGrant { service: Some(sid("IS", 8)), endpoint_id: Some("e2".into()) }.into()
        }
        "task-router-full" => TaskRouterGrant {
            workspace: Some(sid("WS", 9)),
            worker: Some(sid("WK", 10)),
            role: Some("worker".into()),
        }
        .into(),
        "playback" => PlaybackGrant {
            grant: object(
                r#"{"requestCredentials":null,"playbackUrl":"https://live.example.com/a?b=1","playerStreamerSid":"VJ0000000000000000000000000000000b"}"#,
            ),
        }
        .into(),
        "several" => several(),
        "region" => incoming().into(),
        "minute" => SyncGrant::default().into(),
        _ => Grants::default(),
    };
    let issuer = match id {
        "region" => issuer.region(&"ie1".parse().expect("a region")),
        "minute" => issuer.ttl(Ttl::new(Duration::from_secs(60)).expect("a lifetime")),
        _ => issuer,
    };
    let identity = if id == "email-identity" { "jane.doe@example.com" } else { AGENT };
    (issuer, identity, grants)
}

#[test]
fn every_grant_is_the_librarys_byte_for_byte() {
    let file: Value = serde_json::from_str(VECTORS).expect("JSON");
    assert_eq!(
        (&file["about"]["signing_key_sid"], &file["about"]["secret"]),
        (&KEY.into(), &SECRET.into())
    );
    let vectors = file["vectors"].as_array().expect("a list");
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let id = vector["id"].as_str().expect("a text");
        let (issuer, identity, grants) = recorded(id);
        let identity = identity.parse().expect("an identity");
        let jwt = issuer.issue(&identity, &grants, NOW);
        assert_eq!(jwt, vector["jwt"].as_str().expect("a text"), "{id}");
        let token = key().verify(&jwt, NOW, Duration::ZERO).expect("a good token");
        assert_eq!((token.identity, token.grants), (identity, grants), "{id}");
        assert_eq!(
            token.region.as_ref().map(voice_token::Region::as_str),
            vector["region"].as_str()
        );
    }
}

/// The Python library has no such grants any more; Go and C# have.
#[test]
fn legacy_grants_have_their_own_keys() {
    let grants = Grants {
        rtc: Some(RtcGrant { configuration_profile: Some(sid("VS", 12)) }),
        ip_messaging: Some(chat()),
        ..Grants::default()
    };
    let jwt = issuer().issue(&AGENT.parse().expect("an identity"), &grants, NOW);
    let payload = crate::judge::payload(&jwt);
    assert_eq!(
        payload,
        r#"{"jti":"SK00000000000000000000000000000002-1767225600","grants":{"rtc":{"configuration_profile_sid":"VS0000000000000000000000000000000c"},"ip_messaging":{"service_sid":"IS00000000000000000000000000000005","endpoint_id":"e1","deployment_role_sid":"RL00000000000000000000000000000006","push_credential_sid":"CR00000000000000000000000000000007"},"identity":"agent_7f3c2d1e"},"iss":"SK00000000000000000000000000000002","exp":1767229200,"sub":"AC00000000000000000000000000000001"}"#
    );
    let token = key().verify(&jwt, NOW, Duration::ZERO).expect("a good token");
    assert_eq!(token.grants, grants);
}
