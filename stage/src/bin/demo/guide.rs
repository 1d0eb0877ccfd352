//! The instructions of the running demo.

use stage::Place;
use stage::Stage;

/// The commands that can be typed.
pub(super) const ORDERS: &str =
    "  call                Mia calls acme: her agent 2 rings, answers after 4 s and talks for 30 s;
                      while an agent's page is open, only pages ring
  call noor           Noor calls: agents 1 and 3 ring (pia: 2 and 3, ola: 1 and 2, zoe: all)
  call +15005550199   an unknown caller: all four ring
  globex              Mia calls globex, where 25 agents ring in waves and only agent 23 answers
  out 4 +15005550160  agent 4 calls out
  agents, calls       the agents; the last call, with the reason for every agent
  quit                or Ctrl-C: stops everything";

/// After each call.
pub(super) const HINT: &str =
    "      type `call`, `call noor`, `call +15005550199`, `help` or `quit`";

/// Prints the links, commands to paste, and commands to type.
pub(super) fn print(stage: &Stage, place: &Place, twilio: &str) {
    let base = &stage.http.base;
    println!("\nSwitchroom runs, with Twilio on loopback and four agents in the workspace acme.\n");
    println!("Open two of these, each in a window of its own, and allow the microphone:\n");
    for agent in 1..=stage.acme.agents().len() {
        let session = stage.session(&stage.acme, agent);
        println!("  agent {agent}  {base}/#workspace=acme&session={session}");
    }
    println!("\nThen place a call to {} here; both ring, until one answers:\n", stage.acme.number);
    println!("  Twilio   {twilio}/\n");
    for (path, what) in LINKS {
        println!("  {what:<22} {base}{path}");
    }
    println!("  {:<22} {}", "the server's log", place.log().display());
    println!("\nIn another terminal, as agent 1:\n");
    println!("  SESSION={}", stage.session(&stage.acme, 1));
    println!("  ACME={base}/api/workspaces/acme");
    let identity = stage.acme.agents()[0].identity();
    for (what, command) in COMMANDS {
        println!("\n  # {what}\n  {}", command.replace("IDENTITY", identity));
    }
    println!("\n  # metrics\n  curl -s {base}/metrics");
    println!("\nHere, type:\n\n{ORDERS}\n");
}

const LINKS: [(&str, &str); 4] = [
    ("/openapi.json", "API description"),
    ("/healthz", "the process is alive"),
    ("/readyz", "the database is ready"),
    ("/metrics", "metrics"),
];

const COMMANDS: [(&str, &str); 7] = [
    (
        "an access token for the browser",
        r#"curl -s -H "Authorization: Bearer $SESSION" "$ACME/token?identity=IDENTITY""#,
    ),
    (
        "the old identity: refused, with a hint",
        r#"curl -s -H "Authorization: Bearer $SESSION" "$ACME/token?identity=user""#,
    ),
    ("the agents", r#"curl -s -H "Authorization: Bearer $SESSION" $ACME/agents"#),
    (
        "agent 1 goes offline and does not ring (or: available, away)",
        r#"curl -s -X PUT -H "Authorization: Bearer $SESSION" -d '{"status":"offline"}' $ACME/agents/me/status"#,
    ),
    (
        "the call log, with legs and the reason for every agent",
        r#"curl -s -H "Authorization: Bearer $SESSION" "$ACME/calls?limit=5""#,
    ),
    (
        "somebody else's workspace: 404, as if it did not exist",
        r#"curl -s -H "Authorization: Bearer $SESSION" ${ACME%acme}globex/calls"#,
    ),
    (
        "a forged webhook: 403, and nothing is stored",
        r#"curl -si -H "X-Twilio-Signature: Zm9yZ2Vk" -d "CallSid=CA00000000000000000000000000000000&From=%2B15005550199" $ACME/voice"#,
    ),
];
