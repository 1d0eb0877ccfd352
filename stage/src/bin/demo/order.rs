//! The commands of the running demo.

use stage::team;

use super::guide;

/// One line.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Order {
    /// Somebody calls acme, or globex.
    Call {
        from: String,
        globex: bool,
    },
    /// An agent of acme calls somebody.
    Out {
        agent: usize,
        to: String,
    },
    /// What the agents do now.
    Agents,
    /// The last call in the log.
    Calls,
    Help,
    Quit,
}

impl Order {
    /// # Errors
    ///
    /// What can be typed.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match words[..] {
            ["call"] => Self::Call { from: team::MIA.number.to_owned(), globex: false },
            ["call", from] => Self::Call { from: number(from)?, globex: false },
            ["globex"] => Self::Call { from: team::MIA.number.to_owned(), globex: true },
            ["globex", from] => Self::Call { from: number(from)?, globex: true },
            ["out", agent, to] => {
                let agent = agent.parse().map_err(|_| guide::ORDERS.to_owned())?;
                Self::Out { agent, to: number(to)? }
            }
            ["agents"] => Self::Agents,
            ["calls"] => Self::Calls,
            ["help"] => Self::Help,
            ["quit" | "exit"] => Self::Quit,
            _ => return Err(guide::ORDERS.to_owned()),
        })
    }
}

/// A number, or the first name of a contact.
fn number(text: &str) -> Result<String, String> {
    if let Some(contact) = team::contact_named(text) {
        return Ok(contact.number.to_owned());
    }
    match text.parse::<identity::PhoneNumber>() {
        Ok(number) => Ok(number.as_str().to_owned()),
        Err(_) if text == "anonymous" => Ok(text.to_owned()),
        Err(error) => Err(format!("{error}; or mia, noor, ola, pia, zoe, anonymous")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_help_says() {
        let call = |from: &str, globex| Ok(Order::Call { from: from.to_owned(), globex });
        let mia = "+15005550111";
        let cases = [
            ("call", call(mia, false)),
            ("call  Noor ", call("+15005550112", false)),
            ("call +15005550199", call("+15005550199", false)),
            ("call anonymous", call("anonymous", false)),
            ("globex", call(mia, true)),
            ("out 4 mia", Ok(Order::Out { agent: 4, to: mia.to_owned() })),
            ("out four mia", Err(guide::ORDERS.to_owned())),
            ("agents", Ok(Order::Agents)),
            ("calls", Ok(Order::Calls)),
            ("help", Ok(Order::Help)),
            ("quit", Ok(Order::Quit)),
            ("", Err(guide::ORDERS.to_owned())),
            ("dance", Err(guide::ORDERS.to_owned())),
        ];
        for (line, want) in cases {
            assert_eq!(Order::parse(line), want, "{line}");
        }
        let error = Order::parse("call 12345").unwrap_err();
        assert_eq!(error.split(';').nth(1), Some(" or mia, noor, ola, pia, zoe, anonymous"));
    }
}
