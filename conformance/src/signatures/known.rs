//! Where the official libraries differ from the documented rule, and why.
//!
//! The rows come from recorded requests and from generated ones. Every row must still occur: one that
//! does not is a fault.

use twilio_sig::UrlForm;

use super::generate::{Case, Kind};

/// Twilio's library for Node, 6.2.0.
pub(crate) const NODE: &str = "node";
/// Twilio's library for Python, 9.13.0.
pub(crate) const PYTHON: &str = "python";

/// One difference.
pub(crate) struct Known {
    pub(crate) library: &'static str,
    pub(crate) reason: &'static str,
    /// Whether it explains that the library does not agree with the rule.
    explains: fn(&Case, &Rule) -> bool,
}

/// What the documented rule says, and the form of the URL that was signed if it was.
pub(crate) struct Rule {
    pub(crate) valid: bool,
    pub(crate) form: Option<UrlForm>,
}

/// The differences, the most particular first.
pub(crate) const KNOWN: &[Known] = &[
    Known { library: NODE, reason: USER, explains: user },
    Known { library: PYTHON, reason: USER, explains: user },
    Known { library: NODE, reason: FRAGMENT, explains: fragment },
    Known { library: PYTHON, reason: FRAGMENT, explains: fragment },
    Known { library: NODE, reason: FORM_HASH, explains: hashed_form },
    Known { library: PYTHON, reason: FORM_HASH, explains: hashed_form },
    Known { library: NODE, reason: SLASH, explains: slash },
    Known { library: PYTHON, reason: SLASH, explains: slash },
    Known { library: NODE, reason: SOCKET_PORT, explains: socket_port },
    Known { library: PYTHON, reason: SOCKET_PORT, explains: socket_port },
    Known { library: NODE, reason: UTF_16, explains: |case, _| sorts_by_units(case) },
    Known { library: NODE, reason: FALLBACK, explains: |_, rule| !rule.valid },
    Known {
        library: PYTHON,
        reason: "raises for a JSON body without bodySHA256",
        explains: |case, rule| {
            !rule.valid && case.kind == Kind::Json && !case.url.contains("bodySHA256=")
        },
    },
    Known {
        library: PYTHON,
        reason: "loses a bare question mark at the end of the URL",
        explains: |case, _| case.before_fragment().ends_with('?'),
    },
    Known {
        library: PYTHON,
        reason: "cuts the port off an IPv6 address at its first colon",
        explains: |case, rule| rule.valid && case.authority().contains("]:"),
    },
];

const USER: &str = "keeps user info in the URL";
const FRAGMENT: &str = "keeps the fragment in the URL";
const UTF_16: &str = "sorts by UTF-16 units, which differ beyond U+FFFF";
const FORM_HASH: &str = "checks bodySHA256 for texts only, not for forms";
const SLASH: &str = "does not try a WebSocket with a slash at its end";
const SOCKET_PORT: &str = "takes 80 for the default port of wss";
/// Our verifier does the same where it is asked to.
pub(crate) const FALLBACK: &str = "falls back to the URL as a browser or a form would spell it";

/// Why a library's verdict differs from the rule's; `None` if it agrees or nothing explains it.
pub(crate) fn reason(
    library: &str,
    case: &Case,
    rule: &Rule,
    verdict: &str,
) -> Option<&'static str> {
    if (verdict == "yes") == rule.valid && !verdict.starts_with("raised") {
        return None;
    }
    let of_library = KNOWN.iter().filter(|known| known.library == library);
    of_library.filter(|known| (known.explains)(case, rule)).map(|known| known.reason).next()
}

/// Why Node's library would sign something else than we do.
pub(crate) fn unlike_ours(case: &Case) -> Option<&'static str> {
    sorts_by_units(case).then_some(UTF_16)
}

impl Case {
    fn authority(&self) -> &str {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    }

    fn has_user(&self) -> bool {
        self.authority().contains('@')
    }

    fn before_fragment(&self) -> &str {
        self.url.split('#').next().unwrap_or_default()
    }
}

fn user(case: &Case, rule: &Rule) -> bool {
    rule.valid && case.has_user()
}

fn fragment(case: &Case, rule: &Rule) -> bool {
    rule.valid && case.url.contains('#')
}

fn hashed_form(case: &Case, rule: &Rule) -> bool {
    !rule.valid && case.kind == Kind::Form && case.url.contains("bodySHA256=")
}

fn slash(_: &Case, rule: &Rule) -> bool {
    rule.form == Some(UrlForm::TrailingSlash)
}

/// Refuses what was signed with 443, or accepts what was signed with 80.
fn socket_port(case: &Case, rule: &Rule) -> bool {
    let port = case.authority().rsplit(']').next().unwrap_or_default().split(':').nth(1);
    let other = !rule.valid || rule.form == Some(UrlForm::OtherPort);
    case.kind == Kind::WebSocket && matches!(port, None | Some("443")) && other
}

/// Whether the form has both a character beyond U+FFFF, which UTF-16 writes as two units from
/// U+D800 on, and one above those units.
fn sorts_by_units(case: &Case) -> bool {
    let body = case.body.as_deref().unwrap_or_default();
    let form = twilio_sig::Form::parse(body.as_bytes());
    form.is_ok_and(|form| {
        let texts = || form.iter().flat_map(|(name, value)| [name, value]).flat_map(str::chars);
        texts().any(|c| c > '\u{ffff}') && texts().any(|c| ('\u{e000}'..='\u{ffff}').contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use twilio_sig::Algorithm;

    fn case(kind: Kind, url: &str, body: Option<&str>) -> Case {
        Case {
            kind,
            url: url.to_owned(),
            body: body.map(str::to_owned),
            token: String::new(),
            algorithm: Algorithm::HmacSha1,
            signature: String::new(),
        }
    }

    #[test]
    fn only_what_is_listed_explains_a_difference() {
        let plain = case(Kind::Form, "https://a.example/x", Some("a=1"));
        let user = case(Kind::Get, "https://u@a.example/x", None);
        let mark = case(Kind::Get, "https://a.example/x?", None);
        let lost = "loses a bare question mark at the end of the URL";
        let cases = [
            ("agreement", PYTHON, &plain, true, "yes", None),
            ("a refusal for no reason", PYTHON, &plain, true, "no", None),
            ("the same of node", NODE, &plain, true, "no", None),
            ("an acceptance for no reason", PYTHON, &plain, false, "yes", None),
            ("user info", NODE, &user, true, "no", Some(USER)),
            ("user info accepted", PYTHON, &user, false, "yes", None),
            ("bare question mark", PYTHON, &mark, true, "no", Some(lost)),
            ("the same of node", NODE, &mark, true, "no", None),
        ];
        for (name, library, case, valid, verdict, want) in cases {
            let rule = Rule { valid, form: valid.then_some(UrlForm::AsGiven) };
            assert_eq!(reason(library, case, &rule, verdict), want, "{name}");
        }
    }

    #[test]
    fn units_differ_from_code_points_only_beyond_the_surrogates() {
        let cases = [
            ("both", "%F0%9F%A6%8A=1&%EF%AC%81=1", true),
            ("high alone", "%F0%9F%A6%8A=1&a=1", false),
            ("compatibility form alone", "%EF%AC%81=1&a=1", false),
        ];
        for (name, body, want) in cases {
            let case = case(Kind::Form, "https://a.example", Some(body));
            assert_eq!(sorts_by_units(&case), want, "{name}");
        }
    }
}
