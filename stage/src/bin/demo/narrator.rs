//! Describes what happens in a call, line by line.

use emulator::{Address, CallStatus, Entry, Heard, Kind, What};
use identity::Timestamp;
use stage::Team;

/// Turns the entries of one call, in their order, into lines to follow.
pub(super) struct Narrator<'a> {
    team: &'a Team,
    began: Option<Timestamp>,
    /// Dialled together, not printed yet.
    dialled: Vec<Address>,
    dialled_at: Option<Timestamp>,
    wave: usize,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(team: &'a Team) -> Self {
        Self { team, began: None, dialled: Vec::new(), dialled_at: None, wave: 0 }
    }

    /// All lines of a call that is over.
    pub(super) fn tell(team: &'a Team, entries: &[Entry]) -> Vec<String> {
        let mut narrator = Self::new(team);
        entries.iter().flat_map(|entry| narrator.entry(entry)).collect()
    }

    /// The lines that an entry adds, often none.
    pub(super) fn entry(&mut self, entry: &Entry) -> Vec<String> {
        let is_leg = entry.call != entry.root;
        if let What::Placed { to, .. } = &entry.what
            && is_leg
        {
            self.dialled.push(to.clone());
            self.dialled_at = Some(entry.at);
            return Vec::new();
        }
        // The first of them rings: all have been dialled.
        let rings = matches!(entry.what, What::Status { status: CallStatus::Ringing, .. });
        let text = self.text(&entry.what, is_leg);
        let mut lines = Vec::new();
        if is_leg && rings || text.is_some() {
            lines.extend(self.dialled());
        }
        if let Some(text) = text {
            lines.push(self.at(entry.at, &text));
        }
        lines
    }

    fn text(&self, what: &What, is_leg: bool) -> Option<String> {
        let name = |address: &Address| self.team.name(address);
        Some(match what {
            What::Placed { from, to } => format!("{} calls {to}", name(from)),
            What::Status { party, status: CallStatus::InProgress, .. } if is_leg => {
                format!("{} answers", name(party))
            }
            What::Status { status, .. } if !is_leg && status.is_final() => {
                format!("the call is over: {status}")
            }
            What::InviteDropped { by } => {
                format!("{} is on a call, and their browser ignores the invitation", name(by))
            }
            What::Heard(Heard::Said(text)) => format!("the caller hears “{text}”"),
            What::Webhook(webhook) if webhook.kind == Kind::Action => {
                let ended = webhook.param("DialCallStatus").unwrap_or("over");
                if ended == "completed" {
                    return None;
                }
                format!("{ended}: Twilio asks the server how to go on")
            }
            What::ApplicationError | What::Problem(_) | What::NotEmulated(_) => what.to_string(),
            _ => return None,
        })
    }

    /// The agents that the last document rings.
    fn dialled(&mut self) -> Option<String> {
        let at = self.dialled_at.take()?;
        let dialled = std::mem::take(&mut self.dialled);
        let agents: Vec<usize> = dialled.iter().filter_map(|to| self.team.agent_at(to)).collect();
        if agents.len() < dialled.len() {
            let names: Vec<String> = dialled.iter().map(ToString::to_string).collect();
            return Some(self.at(at, &format!("{} rings", names.join(", "))));
        }
        self.wave += 1;
        let verb = if agents.len() == 1 { "rings" } else { "ring" };
        Some(self.at(at, &format!("wave {}: {} {verb}", self.wave, name_all(&agents))))
    }

    fn at(&mut self, at: Timestamp, text: &str) -> String {
        let began = *self.began.get_or_insert(at);
        format!("{:>6.1} s  {text}", at.since(began).as_secs_f64())
    }
}

/// The agents, in words.
pub(super) fn name_all(agents: &[usize]) -> String {
    let mut agents = agents.to_vec();
    agents.sort_unstable();
    if let [first, .., last] = agents[..]
        && agents.len() > 3
        && last - first + 1 == agents.len()
    {
        return format!("agents {first} to {last}");
    }
    let numbers: Vec<String> = agents.iter().map(ToString::to_string).collect();
    match &numbers[..] {
        [] => "nobody".to_owned(),
        [one] => format!("agent {one}"),
        [rest @ .., last] => format!("agents {} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::name_all;

    #[test]
    fn agents_are_named_in_order() {
        assert_eq!(name_all(&[]), "nobody");
        assert_eq!(name_all(&[2]), "agent 2");
        assert_eq!(name_all(&[3, 1, 2]), "agents 1, 2 and 3");
        assert_eq!(name_all(&[4, 3, 1, 2]), "agents 1 to 4");
        assert_eq!(name_all(&[1, 2, 3, 5]), "agents 1, 2, 3 and 5");
    }
}
