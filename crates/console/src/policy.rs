//! The page's permissions, and its configuration.

use crate::Signalling;

/// The value of `Content-Security-Policy`. The page may use its own scripts and styles, none of them
/// inline, and connect to its server and to the signalling server.
///
/// `signalling` is `None` for Twilio's own: its signalling on every edge, and its quality reports.
pub fn content_security_policy(signalling: Option<&Signalling>) -> String {
    let signalling = signalling
        .map_or_else(|| "wss://*.twilio.com https://*.twilio.com".to_owned(), ToString::to_string);
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' data: {signalling}; media-src 'self' blob: data:; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The value of `Permissions-Policy`: the page may use the microphone and choose a loudspeaker.
pub const PERMISSIONS_POLICY: &str = "microphone=(self), speaker-selection=(self), autoplay=(self), \
                                      camera=(), geolocation=(), display-capture=()";

/// The configuration that the page loads when it starts, as JSON: where the SDK connects to, and whether
/// it reports the quality of calls to Twilio.
pub fn config(signalling: Option<&Signalling>) -> String {
    match signalling {
        Some(signalling) => {
            format!(r#"{{"signalling":"{signalling}","publish_events":false}}"#)
        }
        None => r#"{"signalling":null,"publish_events":true}"#.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_code_and_other_hosts_are_forbidden() {
        let own: Signalling = "wss://127.0.0.1:8443".parse().unwrap();
        for (signalling, connects) in [
            (None, "connect-src 'self' data: wss://*.twilio.com https://*.twilio.com;"),
            (Some(&own), "connect-src 'self' data: wss://127.0.0.1:8443;"),
        ] {
            let policy = content_security_policy(signalling);
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
            assert!(policy.contains(connects), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
        }
    }

    #[test]
    fn the_configuration_names_the_signalling_server() {
        let own: Signalling = "ws://127.0.0.1:8080".parse().unwrap();
        assert_eq!(
            config(Some(&own)),
            r#"{"signalling":"ws://127.0.0.1:8080","publish_events":false}"#
        );
        assert_eq!(config(None), r#"{"signalling":null,"publish_events":true}"#);
    }
}
