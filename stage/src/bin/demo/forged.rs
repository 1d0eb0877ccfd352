//! Webhooks that are not Twilio's, or not this workspace's.

use emulator::{Kind, Voice, Webhook};
use stage::Stage;
use stage::Team;
use stage::place::PUBLIC_URL;

use super::scene::Scene;

pub(super) async fn signatures(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let path = stage.acme.path("voice");
    let ours = last(stage, &stage.acme)?;
    let theirs = last(stage, &stage.globex)?;
    let mut changed = ours.params.clone();
    for (name, value) in &mut changed {
        if name == "From" {
            "+15005550666".clone_into(value);
        }
    }
    stage.applied().await?;
    let (written, refused) = (stage.live_chat.written().await?, refusals(stage).await?);

    let requests = [
        ("no signature", &ours.params, None),
        (
            "a signature that somebody made up",
            &ours.params,
            Some("c29tZWJvZHkgbWFkZSB0aGlzIHVwLg=="),
        ),
        ("the signature of another caller's webhook", &changed, Some(&*ours.signature)),
        ("another workspace's webhook", &theirs.params, Some(&*theirs.signature)),
    ];
    for (name, params, signature) in requests {
        let answer = stage.http.post(&path, params, signature).await?;
        scene.claim(&format!("{name}: 403, empty"), (answer.status, answer.text()), (403, ""));
    }
    let status = from_another_account(stage).await?;
    scene.claim("signed with another account's token: 403", status, Some(403));

    let more = refusals(stage).await? - refused;
    scene.claim("GET /metrics: five more refusals", more, 5);
    stage.applied().await?;
    scene.claim("nothing was written", stage.live_chat.written().await?, written);
    Ok(())
}

/// Somebody points the number of their own Twilio account at our voice URL.
async fn from_another_account(stage: &Stage) -> Result<Option<u16>, String> {
    let said = |error: &dyn std::fmt::Display| format!("the emulator refuses: {error}");
    let number = "+15005550009";
    let account = stage.twilio.account("0123456789abcdef0123456789abcdef");
    let account = account.map_err(|error| said(&error))?;
    let voice = Voice::new(format!("{PUBLIC_URL}{}", stage.acme.path("voice")));
    account.number(number, voice).map_err(|error| said(&error))?;
    let story = stage.twilio.phone("+15005550667").call(number).ended().await;
    Ok(story.of_kind(Kind::Voice).next().and_then(Webhook::status))
}

/// The last voice webhook that Twilio sent to a workspace.
fn last(stage: &Stage, team: &Team) -> Result<Webhook, String> {
    let url = format!("{PUBLIC_URL}{}", team.path("voice"));
    let mut webhooks = stage.twilio.webhooks().into_iter();
    let inbound = |webhook: &Webhook| {
        webhook.kind == Kind::Voice
            && webhook.url == url
            && webhook.param("To") == Some(team.number)
    };
    webhooks.rfind(inbound).ok_or_else(|| format!("Twilio has sent nothing to {url}"))
}

/// All refusals of signatures, whatever their class.
async fn refusals(stage: &Stage) -> Result<u64, String> {
    let page = stage.http.get("/metrics", None).await?;
    let lines =
        page.text().lines().filter(|line| line.starts_with("switchroom_signature_refusals_total{"));
    Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
}
