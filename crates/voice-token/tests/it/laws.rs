//! Laws: an issued token is read back, a changed token never passes, and no text causes a
//! panic. They are the twins of the fuzz target.

use std::time::Duration;

use identity::Timestamp;
use proptest::option;
use proptest::prelude::*;
use voice_token::{
    ChatGrant, Grants, Identity, JsonObject, Outgoing, PlaybackGrant, Region, RtcGrant, SyncGrant,
    TaskRouterGrant, Ttl, VideoGrant, VoiceGrant, unverified_key,
};

use crate::{NOW, account, issuer, key};

fn sid<S: std::str::FromStr<Err = identity::ParseError> + std::fmt::Debug>(
    prefix: &'static str,
) -> impl Strategy<Value = Option<S>> {
    option::of(
        "[0-9a-f]{32}".prop_map(move |digits| format!("{prefix}{digits}").parse().expect("a Sid")),
    )
}

fn text() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![".{0,8}", "[\"\\\\\u{0}-\u{1f}\u{7f}a]{0,8}"])
}

fn object() -> impl Strategy<Value = JsonObject> {
    proptest::collection::vec((".{0,5}", ".{0,5}"), 0..3).prop_map(JsonObject::from_pairs)
}

fn voice() -> impl Strategy<Value = VoiceGrant> {
    let outgoing = (sid("AP"), option::of(object())).prop_map(|(application, params)| {
        application.map(|application| Outgoing { application, params })
    });
    (any::<bool>(), outgoing, sid("CR"), text()).prop_map(
        |(incoming, outgoing, push_credential, endpoint_id)| VoiceGrant {
            incoming,
            outgoing,
            push_credential,
            endpoint_id,
        },
    )
}

fn chat() -> impl Strategy<Value = ChatGrant> {
    (sid("IS"), text(), sid("RL"), sid("CR")).prop_map(
        |(service, endpoint_id, deployment_role, push_credential)| ChatGrant {
            service,
            endpoint_id,
            deployment_role,
            push_credential,
        },
    )
}

fn grants() -> impl Strategy<Value = Grants> {
    let sync =
        (sid("IS"), text()).prop_map(|(service, endpoint_id)| SyncGrant { service, endpoint_id });
    let task_router = (sid("WS"), sid("WK"), text())
        .prop_map(|(workspace, worker, role)| TaskRouterGrant { workspace, worker, role });
    (
        option::of(voice()),
        option::of(text().prop_map(|room| VideoGrant { room })),
        option::of(chat()),
        option::of(sync),
        option::of(task_router),
        option::of(object().prop_map(|grant| PlaybackGrant { grant })),
        option::of(sid("VS").prop_map(|configuration_profile| RtcGrant { configuration_profile })),
        option::of(chat()),
    )
        .prop_map(|(voice, video, chat, sync, task_router, playback, rtc, ip_messaging)| {
            Grants { voice, video, chat, sync, task_router, playback, rtc, ip_messaging }
        })
}

fn identity() -> impl Strategy<Value = Identity> {
    "[^\\p{C}\\p{Z}<>#%\"{}|\\\\^\\[\\]`]{1,20}"
        .prop_filter_map("an identity", |text| text.parse().ok())
}

proptest! {
    #[test]
    fn what_is_issued_is_read_back(
        grants in grants(),
        identity in identity(),
        seconds in 1_u64..=86_400,
        micros in -1_000_000_000_000_000_i64..4_000_000_000_000_000,
        back in option::of(0_u64..600),
        region in option::of("[a-z0-9]{2,16}"),
    ) {
        let now = Timestamp::from_unix_micros(micros);
        let region: Option<Region> = region.map(|region| region.parse().expect("a region"));
        let ttl = Ttl::new(Duration::from_secs(seconds)).expect("a lifetime");
        let mut issuer = issuer().ttl(ttl).issued_at();
        if let Some(region) = &region {
            issuer = issuer.region(region);
        }
        if let Some(back) = back {
            issuer = issuer.not_before(Duration::from_secs(back));
        }
        let jwt = issuer.issue(&identity, &grants, now);
        prop_assert_eq!(&issuer.issue(&identity, &grants, now), &jwt);

        let token = key().verify(&jwt, now, Duration::ZERO);
        let token = token.map_err(|error| TestCaseError::fail(format!("{error}: {jwt}")))?;
        let whole = now.unix_seconds();
        let moment = Timestamp::from_unix_seconds;
        prop_assert_eq!(token.id, format!("{}-{whole}", key().sid));
        prop_assert_eq!((token.key, token.account), (key().sid, account()));
        prop_assert_eq!((token.identity, token.grants), (identity, grants));
        prop_assert_eq!(token.region, region);
        prop_assert_eq!(token.issued_at, Some(moment(whole)));
        let not_before = back.map(|back| now.before(Duration::from_secs(back)).unix_seconds());
        prop_assert_eq!(token.not_before, not_before.map(moment));
        prop_assert_eq!(token.expires_at, moment(whole) + Duration::from_secs(seconds));
        prop_assert_eq!(token.expires_at, issuer.expires_at(now));
    }

    #[test]
    fn a_changed_token_never_passes(
        grants in grants(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let jwt = issuer().issue(&"ana".parse().expect("an identity"), &grants, NOW);
        let mut bytes = jwt.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = String::from_utf8(bytes) {
            let passes = key().verify(&changed, NOW, Duration::ZERO).is_ok();
            prop_assert_eq!(passes, changed == jwt, "byte {}", at);
        }
        for cut in [at, jwt.len() - 1] {
            prop_assert!(key().verify(&jwt[..cut], NOW, Duration::ZERO).is_err());
        }
    }

    #[test]
    fn no_text_panics(text in "[A-Za-z0-9_.=-]{0,60}|.{0,60}", header in ".{0,40}", payload in "(\\{|\\[|\"|:|,|[a-z]){0,40}") {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let built = format!("{}.{}.{}", encode(&header), encode(&payload), encode(&text));
        let issued = issuer().issue(&"ana".parse().expect("an identity"), &Grants::default(), NOW);
        let (head, _) = issued.split_once('.').expect("a header");
        let half = format!("{head}.{}.{}", encode(&payload), encode(&text));
        for jwt in [&text, &built, &half] {
            prop_assert!(key().verify(jwt, NOW, Duration::ZERO).is_err());
            prop_assert!(unverified_key(jwt).is_err());
        }
    }
}
