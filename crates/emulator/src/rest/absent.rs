//! Twilio's resources that are not emulated, so that a request for one is refused by name.

/// The name of the resource that a path means, if Twilio has it and the emulator does not. `path`
/// begins below the account.
pub(super) fn name(path: &[&str]) -> Option<String> {
    let words = |known: &[&str], at: usize| {
        path.get(at).filter(|word| known.contains(*word)).map(|_| {
            // Without the Sids between the names.
            path[..=at].iter().step_by(2).copied().collect::<Vec<_>>().join("/")
        })
    };
    match path.first().copied() {
        Some("Calls") => words(OF_CALLS, 2),
        Some("Conferences" | "Recordings") => words(&["AddOnResults", "Transcriptions"], 2),
        Some("IncomingPhoneNumbers") => {
            words(&["AssignedAddOns"], 2).or_else(|| words(&["Local", "Mobile", "TollFree"], 1))
        }
        _ => words(OF_ACCOUNTS, 0),
    }
}

/// The name of a resource of another API, such as `/v2/Services` of Verify.
pub(super) fn foreign(segments: &[String]) -> Option<String> {
    let mut names = segments.iter().map(String::as_str);
    let version = names.next()?;
    let is_version = version.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let resource = names.next()?;
    is_version.then(|| format!("/{version}/{}", resource.trim_end_matches(".json")))
}

/// Below an account (Twilio's API reference of 2010-04-01).
const OF_ACCOUNTS: &[&str] = &[
    "Addresses",
    "AuthorizedConnectApps",
    "AvailablePhoneNumbers",
    "Balance",
    "ConnectApps",
    "Messages",
    "Notifications",
    "SIP",
    "SMS",
    "ShortCodes",
    "Tokens",
    "Transcriptions",
    "Usage",
];

/// Below a call.
const OF_CALLS: &[&str] = &[
    "Events",
    "Feedback",
    "Notifications",
    "Payments",
    "Siprec",
    "Streams",
    "Transcriptions",
    "UserDefinedMessageSubscriptions",
    "UserDefinedMessages",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_named_without_its_sids() {
        for (path, want) in [
            (&["Messages"][..], Some("Messages")),
            (&["Messages", "SM1", "Media"], Some("Messages")),
            (&["Calls", "CA1", "Streams", "MZ1"], Some("Calls/Streams")),
            (&["Calls", "CA1", "Nonsense"], None),
            (&["Nonsense"], None),
            (&[], None),
        ] {
            assert_eq!(name(path).as_deref(), want, "{path:?}");
        }
        for (path, want) in [
            ("v2/Services", Some("/v2/Services")),
            ("v1/Conversations.json", Some("/v1/Conversations")),
            ("v1", None),
            ("voice/x", None),
        ] {
            let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
            assert_eq!(foreign(&segments).as_deref(), want, "{path}");
        }
    }
}
