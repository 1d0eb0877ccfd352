//! Documents are requested, come in, or fail.

use identity::CallSid;

use super::mail::Mail;
use super::sound::SPEECH_HZ;
use super::{Told, World};
use crate::http::check_status;
use crate::post::{Parcel, Purpose};
use crate::problem::{
    CALLBACK_STATUS, CONTENT_TYPE, PARSE_FAILURE, Problem, SCHEMA_WARNING, URL_FORMAT,
};
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::Doing;
use crate::state::params::{Params, add};
use crate::state::scope::Scope;
use crate::step::{Document, Length, Speech, Step, Target, Wait};
use crate::timeline::{Heard, What};
use crate::webhook::{Answer, Outcome};
use crate::{Kind, read, url};

impl World {
    /// Requests a document, with the parameters of the call and these.
    ///
    /// After the end of the call it is still requested, but its answer has no effect.
    pub(super) fn fetch(&mut self, sid: CallSid, kind: Kind, target: Target, more: Params) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let mut params = call.params();
        params.extend(more);
        // Music for those who wait goes on for hours.
        let is_music = call.script.stay.is_some() && call.script.took_time;
        if kind == Kind::Wait || is_music {
            call.script.took_time = false;
        } else {
            call.script.documents += 1;
        }
        let generation = call.script.turn_to(Doing::Fetching);
        if call.script.documents > MAX_DOCUMENTS {
            let text = format!("more than {MAX_DOCUMENTS} documents in one call: an endless loop");
            self.note_problem(sid, Problem::error(URL_FORMAT, text));
            self.application_error(sid);
            return;
        }
        if !url::is_absolute(&target.url) {
            let problem = Problem::error(URL_FORMAT, "the URL is not absolute");
            self.document_failed(sid, kind, &target.url, problem);
            return;
        }
        let mail = Mail { kind, target, params };
        self.send(sid, Purpose::Document { call: sid, generation }, None, mail);
    }

    /// Handles the answer to a request for a document.
    pub(super) fn document_answered(
        &mut self,
        sid: CallSid,
        generation: u64,
        parcel: &Parcel,
        outcome: Outcome,
    ) {
        let read = outcome.answer.and_then(|answer| understand(&answer));
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if call.has_ended() || call.script.generation != generation {
            // The caller has left: the document has no effect.
            if let Err(problem) = read {
                self.note_problem(sid, problem);
            }
            return;
        }
        let url = url::without_fragment(&parcel.webhook.url).to_owned();
        self.run_document(sid, parcel.webhook.kind, url, read);
    }

    /// Runs a document from the API. It has no URL, so nothing in it can be relative.
    pub(super) fn run_given(&mut self, sid: CallSid, kind: Kind, twiml: &str) {
        self.run_document(sid, kind, String::new(), read::document(twiml));
    }

    fn run_document(
        &mut self,
        sid: CallSid,
        kind: Kind,
        url: String,
        read: Result<Document, Problem>,
    ) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        match read {
            Ok(document) => {
                call.script.base = url;
                call.script.base_kind = kind;
                call.script.steps = document.steps.into();
                for warning in document.warnings {
                    self.note_problem(sid, warning);
                }
                self.run(sid);
            }
            Err(problem) => self.document_failed(sid, kind, &url, problem),
        }
    }

    /// Treats a document that cannot be run like one that cannot be read.
    pub(super) fn fail_document(&mut self, sid: CallSid, problem: Problem) {
        let Some(call) = self.calls.get(&sid) else { return };
        let (kind, base) = (call.script.base_kind, call.script.base.clone());
        self.document_failed(sid, kind, &base, problem);
    }

    /// Handles a document that failed: requests the fallback URL, or the caller hears an error.
    pub(super) fn document_failed(
        &mut self,
        sid: CallSid,
        kind: Kind,
        url: &str,
        problem: Problem,
    ) {
        let code = problem.code;
        self.note_problem(sid, problem);
        let Some(call) = self.calls.get(&sid) else { return };
        if call.has_ended() {
            return;
        }
        match call.scope() {
            Scope::Own => {}
            Scope::Whisper => return self.whisper_failed(sid),
            Scope::Queue => return self.audio.set(sid, Hears::Silence),
            Scope::QueueWhisper => return self.queue_whisper_over(sid),
            Scope::Conference => return self.conference_document_failed(sid),
        }
        let fallback = call.webhooks.fallback();
        match fallback.filter(|_| kind != Kind::Fallback) {
            Some(target) => {
                let mut more = Params::new();
                add(&mut more, "ErrorCode", code);
                add(&mut more, "ErrorUrl", url);
                self.fetch(sid, Kind::Fallback, target, more);
            }
            None => self.application_error(sid),
        }
    }

    /// The caller hears Twilio's own error message, and the call ends.
    fn application_error(&mut self, sid: CallSid) {
        self.answer_call(sid);
        self.note(Some(sid), What::ApplicationError);
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.script.application_error = true;
        call.script.steps.clear();
        let generation = call.script.turn_to(Doing::Speaking);
        self.audio.set(sid, Hears::Tone { hz: SPEECH_HZ });
        self.time.schedule(self.config.play_length, Due::Resume { call: sid, generation });
    }

    /// Handles the end of a document.
    pub(super) fn document_over(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        // Nothing follows Twilio's own error message, wherever it was.
        if call.script.application_error {
            self.hang_up_by_document(sid);
            return;
        }
        match call.scope() {
            Scope::Own => self.hang_up_by_document(sid),
            Scope::Whisper => self.whisper_over(sid),
            Scope::Queue => self.wait_in_queue_again(sid),
            Scope::QueueWhisper => self.queue_whisper_over(sid),
            Scope::Conference => self.conference_document_over(sid),
        }
    }

    /// Handles the answer to a status callback: only the debugger shows a problem with it.
    ///
    /// An answer that is not empty is warned of once for each URL.
    pub(super) fn notice_answered(&mut self, sid: CallSid, url: &str, outcome: &Outcome) {
        let problem = match &outcome.answer {
            Ok(answer) if check_status(answer).is_err() => {
                let text = format!("the answer to a status callback has status {}", answer.status);
                Some(Problem::warning(CALLBACK_STATUS, text))
            }
            Ok(answer) => warn_of_notice(answer).filter(|problem| {
                let url = url.split(['?', '#']).next().unwrap_or_default().to_owned();
                self.told.insert(Told::Notice(url, problem.code))
            }),
            Err(problem) => Some(problem.clone()),
        };
        if let Some(problem) = problem {
            self.note_problem(sid, problem);
        }
    }

    /// Resolves a URL of the document that the call is running.
    pub(super) fn resolve(&self, sid: CallSid, target: Target) -> Target {
        let Some(call) = self.calls.get(&sid) else { return target };
        Target { url: url::resolve(&call.script.base, &target.url), ..target }
    }

    /// Resolves the URL of a wait document.
    pub(super) fn resolve_wait(&self, sid: CallSid, wait: Wait) -> Wait {
        match wait {
            Wait::Url(target) => Wait::Url(self.resolve(sid, target)),
            other => other,
        }
    }
}

/// Reads an answer as a document (documentation "TwiML for Programmable Voice", content types).
fn understand(answer: &Answer) -> Result<Document, Problem> {
    check_status(answer)?;
    let Some(content_type) = &answer.content_type else {
        return Err(Problem::error(CONTENT_TYPE, "the answer has no content type"));
    };
    let kind = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match kind.as_str() {
        "text/xml" | "application/xml" | "text/html" => read::document(&answer.body),
        "text/plain" => {
            let text = || speak(Heard::Said(answer.body.clone()));
            Ok(read::document(&answer.body).unwrap_or_else(|_| text()))
        }
        audio if audio.starts_with("audio/") => {
            Ok(speak(Heard::Played("an audio file".to_owned())))
        }
        _ => Err(Problem::error(CONTENT_TYPE, format!("content type {kind:?} cannot be run"))),
    }
}

fn speak(heard: Heard) -> Document {
    let speech = Speech { heard, length: Length::Files(1), answers: true };
    Document { steps: vec![Step::Speak(speech)], warnings: Vec::new() }
}

/// The debugger warns of any answer except 204, and 200 with an empty `<Response/>` as XML.
fn warn_of_notice(answer: &Answer) -> Option<Problem> {
    let body = answer.body.trim();
    if body.is_empty() {
        return None;
    }
    match understand(answer) {
        Ok(document) if document.steps.is_empty() => None,
        Ok(_) => {
            Some(Problem::warning(SCHEMA_WARNING, "the answer to a status callback is not run"))
        }
        Err(problem) if problem.code == PARSE_FAILURE => Some(problem),
        Err(problem) => Some(Problem::warning(problem.code, problem.text)),
    }
}

/// The most documents of one call. More count as an endless loop. This limit is ours: Twilio's
/// limit is not known.
const MAX_DOCUMENTS: u32 = 500;
