//! The parameters of a ringing call on the agent's page.

use std::time::Duration;

use emulator::Kind;

use crate::http::Document;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn names_reach_the_agent_whatever_they_contain() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let long = "x".repeat(5000);
    let cases = [
        ("Ana Example", "Ana Example"),
        ("<Dial>&\"'</Response>", "<Dial>&\"'</Response>"),
        ("&amp; &#x41; ]]> <!-- --> <?xml?>", "&amp; &#x41; ]]> <!-- --> <?xml?>"),
        ("a\u{1}b\u{b}c\u{c}d\u{1f}e\u{fffe}f", "abcdef"),
        ("tab\tline\nreturn\rend", "tab\tline\nreturn\rend"),
        (
            "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{202c} \u{627}\u{633}\u{645}",
            "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{202c} \u{627}\u{633}\u{645}",
        ),
        ("\u{1f469}\u{200d}\u{1f4bb} Zoe\u{301}", "\u{1f469}\u{200d}\u{1f4bb} Zoe\u{301}"),
        (" spaces  inside and around ", " spaces  inside and around "),
        ("", ""),
        (&*long, &long[..100]),
    ];
    for (index, (name, want)) in cases.into_iter().enumerate() {
        let caller = format!("+1212555{index:04}");
        let contact = world.contact_named(&team, &caller, name, &[1]).await;
        let phone = world.phone(&caller).gives_up_after(Duration::from_secs(1));
        let story = phone.call(&team.number).ended().await;
        assert_eq!(story.problems().count(), 0, "{story}");
        let parameters = &story.legs.first().unwrap_or_else(|| panic!("{story}")).parameters;
        let of = |wanted: &str| {
            let found = parameters.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("display_name"), Some(want), "{name:?}");
        assert_eq!(of("contact_id"), Some(&*contact.to_string()), "{name:?}");
        assert_eq!(of("call_sid"), Some(story.sid.as_str()), "{name:?}");
        assert_eq!(of("scope"), Some("assigned"), "{name:?}");
        assert_eq!(of("wave"), Some("1"), "{name:?}");
        let voice = story.of_kind(Kind::Voice).next().and_then(|webhook| webhook.answer());
        twiml::Response::parse(&voice.expect("an answer").body).expect("TwiML");
        assert_eq!(world.row(&team, story.sid).await.status, "caller_hung_up");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_twilio_passes_on_is_logged_and_answered() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let hostile = "<Say>&\"'\u{b}\u{202e}";
    let names = ["CallerName", "FromCity", "ForwardedFrom", "StirVerstat", "Response"];
    let phone = world.phone("+15005551234").gives_up_after(Duration::from_secs(1));
    let phone = names.into_iter().fold(phone, |phone, name| phone.with(name, hostile));
    let story = phone.call(&team.number).ended().await;
    assert_eq!(story.problems().count(), 0, "{story}");
    assert_eq!(team.rang(&story), [1], "{story}");

    // No phone has such a number, so the webhook is sent by hand.
    let sid = format!("CA{:032x}", 7);
    let parties = [("From", hostile), ("To", &team.number), ("Caller", hostile)];
    let params =
        [&[("CallSid", &*sid), ("CallStatus", "ringing"), ("Direction", "inbound")], &parties[..]];
    let answer = world.ask(&team.signed("voice", &params.concat())).await.twiml();
    assert!(answer.contains(&team.identity(1).to_string()), "{answer}");
    let party = world.call_column(sid.parse().expect("a Sid"), "from_party").await;
    assert_eq!(party.as_deref(), Some("<Say>&\"'\u{202e}"));
    world.stop().await;
}
