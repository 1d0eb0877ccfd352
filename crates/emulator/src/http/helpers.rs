//! Twilio's own helper URLs, which samples use: the emulator answers for them itself, because it
//! reaches nothing but its machine.
//!
//! The documents are those that Twilio's pages describe; the words and files of the originals may
//! differ.

use bytes::Bytes;

use crate::url;
use crate::webhook::Answer;

/// Whether the emulator answers for this URL.
pub(crate) fn serves(url: &str) -> bool {
    let host = url::authority(url).to_ascii_lowercase();
    HOSTS.contains(&host.trim_start_matches("www."))
}

/// The answer of a helper URL to a request with these parameters. `None` if it is not one.
pub(crate) fn answer(url: &str, params: &[(String, String)]) -> Option<Answer> {
    if !serves(url) {
        return None;
    }
    let whole = url::without_fragment(url);
    let (path, query) = whole[url::origin(whole).len()..]
        .split_once('?')
        .unwrap_or((&whole[url::origin(whole).len()..], ""));
    let mut all: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    all.extend_from_slice(params);
    let given = Given(all);
    let verbs = match path.trim_end_matches('/') {
        "/holdmusic" => hold_music(&given),
        "/voicemail" => voicemail(&given),
        "/forward" => forward(&given),
        "/message" => message(&given),
        "/echo" => return Some(xml(200, given.get("Twiml").unwrap_or_default().to_owned())),
        "/docs/voice.xml" => "<Say>Thanks for trying our documentation. Enjoy!</Say>\
             <Play>http://demo.twilio.com/docs/classic.mp3</Play>"
            .to_owned(),
        "/welcome/voice" => {
            "<Say>Congratulations! You have made a call with Twilio.</Say>".to_owned()
        }
        _ => return Some(xml(404, "<!-- not emulated -->".to_owned())),
    };
    Some(xml(200, format!("<Response>{verbs}</Response>")))
}

fn xml(status: u16, body: String) -> Answer {
    Answer { status, content_type: Some("text/xml".to_owned()), body, bytes: Bytes::new() }
}

/// Music of a bucket, or a message, again and again.
fn hold_music(given: &Given) -> String {
    let bucket = given.get("Bucket").unwrap_or("com.twilio.music.classical");
    let say = given.get("Message").map(|text| element("Say", text)).unwrap_or_default();
    let file = format!("http://{bucket}.s3.amazonaws.com/music.mp3");
    format!("{say}{}<Redirect/>", element("Play", &file))
}

/// Records a message. Nothing is sent to the address.
fn voicemail(given: &Given) -> String {
    if given.get("RecordingUrl").is_some() {
        return "<Say>Thank you. Good bye.</Say><Hangup/>".to_owned();
    }
    let greeting = given.get("Message").unwrap_or("Please leave a message after the beep.");
    let greeting = spoken(greeting);
    let transcribe = given.get("Transcribe") != Some("false");
    format!("{greeting}<Record maxLength=\"120\" transcribe=\"{transcribe}\"/>")
}

/// Dials a number; if nobody answers, the call goes on at `FailUrl`.
fn forward(given: &Given) -> String {
    if let Some(status) = given.get("DialCallStatus") {
        return match given.get("FailUrl").filter(|_| !matches!(status, "completed" | "answered")) {
            Some(url) => element("Redirect", url),
            None => "<Hangup/>".to_owned(),
        };
    }
    let Some(number) = given.get("PhoneNumber") else { return "<Hangup/>".to_owned() };
    let timeout = escaped(given.get("Timeout").unwrap_or("20"));
    let caller = given.get("CallerId").map(|caller| format!(" callerId=\"{}\"", escaped(caller)));
    let caller = caller.unwrap_or_default();
    // An empty action is the document's own URL, with what it was given.
    format!("<Dial action=\"\" timeout=\"{timeout}\"{caller}>{}</Dial>", escaped(number))
}

/// Says or plays `Message[0]`, `Message[1]` …
fn message(given: &Given) -> String {
    let all = given.0.iter().filter(|(name, _)| name == "Message" || name.starts_with("Message["));
    all.map(|(_, value)| spoken(value)).collect()
}

/// A URL is played, words are said.
fn spoken(text: &str) -> String {
    element(if url::is_absolute(text) { "Play" } else { "Say" }, text)
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escaped(text))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    text.chars().filter(|it| !it.is_control() || it.is_whitespace()).collect()
}

/// What a helper URL was given, in its query or by the webhook.
struct Given(Vec<(String, String)>);

impl Given {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

const HOSTS: [&str; 2] = ["twimlets.com", "demo.twilio.com"];

#[cfg(test)]
mod tests {
    use super::*;

    fn body(url: &str, params: &[(&str, &str)]) -> String {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        answer(url, &params.iter().map(owned).collect::<Vec<_>>())
            .map_or_else(String::new, |it| it.body)
    }

    #[test]
    fn the_helpers_answer_as_their_pages_say() {
        for (url, params, want) in [
            (
                "http://twimlets.com/message?Message%5B0%5D=a%26b&Message%5B1%5D=http://x.example/y",
                &[][..],
                "<Say>a&amp;b</Say><Play>http://x.example/y</Play>",
            ),
            (
                "https://www.twimlets.com/forward?PhoneNumber=%2B15005557777&CallerId=%2B1500",
                &[],
                "<Dial action=\"\" timeout=\"20\" callerId=\"+1500\">+15005557777</Dial>",
            ),
            (
                "http://twimlets.com/forward?FailUrl=http://x.example/fail",
                &[("DialCallStatus", "no-answer")],
                "<Redirect>http://x.example/fail</Redirect>",
            ),
            (
                "http://twimlets.com/forward?FailUrl=http://x.example/fail",
                &[("DialCallStatus", "completed")],
                "<Hangup/>",
            ),
            (
                "http://twimlets.com/voicemail?Email=a@b.example&Message=Hi&Transcribe=false",
                &[],
                "<Say>Hi</Say><Record maxLength=\"120\" transcribe=\"false\"/>",
            ),
            (
                "http://twimlets.com/voicemail",
                &[("RecordingUrl", "http://x.example")],
                "<Say>Thank you. Good bye.</Say><Hangup/>",
            ),
            (
                "http://twimlets.com/holdmusic?Bucket=com.twilio.music.ambient",
                &[],
                "<Play>http://com.twilio.music.ambient.s3.amazonaws.com/music.mp3</Play><Redirect/>",
            ),
        ] {
            assert_eq!(body(url, params), format!("<Response>{want}</Response>"), "{url}");
        }
        assert_eq!(body("http://twimlets.com/echo?Twiml=%3CResponse/%3E", &[]), "<Response/>");
        let voice = body("https://demo.twilio.com/docs/voice.xml", &[]);
        assert!(voice.starts_with("<Response><Say>Thanks"), "{voice}");
        assert_eq!(answer("http://twimlets.com/x", &[]).map(|it| it.status), Some(404));
        assert_eq!(answer("http://a.example/message", &[]), None);
    }
}
