//! Compares a call in three places: Twilio, the API and the live chat's log.

use emulator::{Severity, Story};
use serde_json::Value;
use stage::Stage;
use stage::Team;
use stage::live_chat::LogRow;

use super::narrator::{Narrator, name_all};
use super::scene::{self, Scene};

/// The expected course of a call.
pub(super) struct Expected<'a> {
    /// The agents that ring, wave by wave, in the order of their numbers.
    pub(super) waves: &'a [&'a [usize]],
    /// Who handles it.
    pub(super) by: Option<usize>,
    pub(super) outcome: &'a str,
    pub(super) contact: Option<&'a str>,
    /// The sentence in the log.
    pub(super) body: &'a str,
}

/// Who rang and who handled the call, as one of the three knows it.
#[derive(Debug, Eq, PartialEq)]
struct Facts {
    waves: Vec<Vec<usize>>,
    by: Option<usize>,
    outcome: String,
}

/// Prints an inbound call that has ended, and compares all three with the expected course.
pub(super) async fn inbound(
    stage: &Stage,
    scene: &mut Scene,
    team: &Team,
    story: &Story,
    expected: &Expected<'_>,
) -> Result<(), String> {
    for line in Narrator::tell(team, &story.entries) {
        scene::say(&line);
    }
    stage.applied().await?;
    let rows = stage.live_chat.log(story.sid.as_str()).await?;
    for line in self::rows(team, &rows) {
        scene::say(&line);
    }

    let facts = || Facts {
        waves: expected.waves.iter().map(|wave| wave.to_vec()).collect(),
        by: expected.by,
        outcome: expected.outcome.to_owned(),
    };
    let rang: Vec<usize> = expected.waves.iter().flat_map(|wave| wave.iter().copied()).collect();
    let rang = match expected.waves.len() {
        1 => format!("only {} rang", name_all(&rang)),
        waves => format!("{} agents rang in {waves} waves", rang.len()),
    };
    let handled = expected.by.map_or("nobody".to_owned(), |agent| format!("agent {agent}"));
    scene.claim(&format!("Twilio: {rang}, {handled} answered"), by_twilio(team, story), facts());
    scene.claim("Twilio: no error, every webhook was answered", complaints(story), Vec::new());
    let seen = by_api(stage, team, story).await?;
    let outcome = expected.outcome;
    scene.claim(&format!("GET /calls: the same, {outcome}, by {handled}"), seen, facts());
    let row = LogRow {
        direction: "inbound".to_owned(),
        sender: "contact".to_owned(),
        status: outcome.to_owned(),
        body: expected.body.to_owned(),
        user: expected.by.map(|agent| team.user(agent)),
        contact: expected.contact.map(str::to_owned),
    };
    let claim = format!("livechat_messages: one row, of {handled}");
    scene.claim(&claim, rows, vec![(team.id.to_owned(), row)]);
    Ok(())
}

/// The rows of the live chat's log, in words.
pub(super) fn rows(team: &Team, rows: &[(String, LogRow)]) -> Vec<String> {
    let words = |(_, row): &(String, LogRow)| {
        let agent = row.user.as_deref().and_then(|user| team.agent_of(user));
        let agent = agent.map_or("nobody".to_owned(), |agent| format!("agent {agent}"));
        let contact = row.contact.as_deref().unwrap_or("no contact");
        let (direction, body) = (&row.direction, &row.body);
        format!("log row: {direction}, by {agent}, {contact}, “{body}”")
    };
    rows.iter().map(words).collect()
}

fn by_twilio(team: &Team, story: &Story) -> Facts {
    let mut waves: Vec<Vec<usize>> = Vec::new();
    for leg in &story.legs {
        // An agent of another workspace would be number 0.
        let agent = team.agent_at(&leg.to).unwrap_or(0);
        let wave = leg.parameters.iter().find(|(name, _)| name == "wave");
        let wave: usize = wave.and_then(|(_, number)| number.parse().ok()).unwrap_or(1);
        waves.resize_with(waves.len().max(wave), Vec::new);
        waves[wave - 1].push(agent);
    }
    for wave in &mut waves {
        wave.sort_unstable();
    }
    let by = story.answered_by().map(|address| team.agent_at(address).unwrap_or(0));
    let outcome = if by.is_some() { "completed" } else { "no_answer" };
    Facts { waves, by, outcome: outcome.to_owned() }
}

/// Errors of Twilio's debugger, and webhooks that were not answered well.
pub(super) fn complaints(story: &Story) -> Vec<String> {
    let problems = story.problems().filter(|problem| problem.severity == Severity::Error);
    let refused = story
        .webhooks()
        .filter(|webhook| !webhook.status().is_some_and(|status| (200..300).contains(&status)));
    let error = story.application_error.then(|| "the caller heard an error".to_owned());
    let not_emulated = story.not_emulated().map(str::to_owned);
    problems
        .map(ToString::to_string)
        .chain(refused.map(ToString::to_string))
        .chain(error)
        .chain(not_emulated)
        .collect()
}

async fn by_api(stage: &Stage, team: &Team, story: &Story) -> Result<Facts, String> {
    let path = team.path(&format!("calls/{}", story.sid));
    let answer = stage.ask(team, 1, &path).await?;
    let call = answer.json();
    let listed = stage.calls(team).await?.into_iter().find(|it| it["call_sid"] == call["call_sid"]);
    if answer.status != 200 || listed.as_ref() != Some(&call) {
        return Err(format!(
            "GET {path}: {} {}; in the log: {listed:?}",
            answer.status,
            answer.text()
        ));
    }
    Ok(facts(team, &call))
}

/// The reason why an agent did or did not ring in the first wave.
pub(super) async fn reason(
    stage: &Stage,
    team: &Team,
    story: &Story,
    agent: usize,
) -> Result<String, String> {
    let path = team.path(&format!("calls/{}", story.sid));
    let call = stage.ask(team, 1, &path).await?.json();
    let verdicts = call["waves"][0]["verdicts"].as_array().cloned().unwrap_or_default();
    let verdict = verdicts.iter().find(|verdict| verdict["user"] == team.user(agent));
    Ok(verdict.and_then(|it| it["reason"].as_str()).unwrap_or_default().to_owned())
}

fn facts(team: &Team, call: &Value) -> Facts {
    let agent = |user: &Value| user.as_str().map(|user| team.agent_of(user).unwrap_or(0));
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let rings = |wave: &Value| {
        let verdicts = array(&wave["verdicts"]);
        let rings = verdicts.iter().filter(|verdict| verdict["rings"] == true);
        let mut agents: Vec<usize> = rings.filter_map(|verdict| agent(&verdict["user"])).collect();
        agents.sort_unstable();
        agents
    };
    let waves = array(&call["waves"]).iter().map(rings).filter(|wave| !wave.is_empty()).collect();
    Facts {
        waves,
        by: agent(&call["handled_by"]),
        outcome: call["outcome"].as_str().unwrap_or_default().to_owned(),
    }
}
