//! Conferences and queues.

use twiml::{ConferenceBeep, ConferenceRecord, Text};

use super::sound::recording_report;
use super::{Reader, callback, target};
use crate::problem::{LONG_LABEL, LONG_QUEUE_NAME, NO_CONFERENCE_NAME, NO_QUEUE_NAME, Problem};
use crate::step::{
    Beeps, ConferenceNoun, ConferenceSubscription, DialRecord, Enqueue, QueueNoun, Step, Wait,
};

impl Reader {
    pub(super) fn conference(
        &mut self,
        conference: &twiml::Conference<'_>,
    ) -> Result<ConferenceNoun, Problem> {
        self.attributes("Conference", conference.other_attributes());
        if conference.name().is_empty() {
            self.warnings.push(Problem::warning(NO_CONFERENCE_NAME, "a conference has no name"));
        }
        let label = conference.participant_label.as_ref().map(|label| label.as_str().to_owned());
        if label.as_ref().is_some_and(|label| label.contains('/') || label.starts_with("CA")) {
            return Err(Problem::error(
                LONG_LABEL,
                "a participant's label has a `/` or reads like a call Sid",
            ));
        }
        let beep = conference.beep.unwrap_or(ConferenceBeep::True);
        let both = beep == ConferenceBeep::True;
        let report = recording_report(
            conference.recording_status_callback.as_ref(),
            conference.recording_status_callback_method,
            conference.recording_status_callback_event.as_deref(),
        );
        let recorded = conference.record == Some(ConferenceRecord::RecordFromStart);
        Ok(ConferenceNoun {
            name: conference.name().to_owned(),
            label,
            muted: conference.muted.unwrap_or(false),
            starts: conference.start_conference_on_enter.unwrap_or(true),
            ends: conference.end_conference_on_exit.unwrap_or(false),
            beeps: Beeps {
                on_enter: both || beep == ConferenceBeep::OnEnter,
                on_exit: both || beep == ConferenceBeep::OnExit,
            },
            most: conference
                .max_participants
                .and_then(|most| usize::try_from(most).ok())
                .map_or(MOST, |most| most.clamp(2, MOST)),
            coach: conference.coach.as_ref().map(|sid| sid.as_str().to_owned()),
            wait: wait(conference.wait_url.as_ref(), conference.wait_method),
            callback: match &conference.status_callback {
                Some(url) => Some(ConferenceSubscription {
                    target: callback(url, conference.status_callback_method)?,
                    events: conference
                        .status_callback_event
                        .as_deref()
                        .unwrap_or_default()
                        .iter()
                        .map(|event| event.as_str())
                        .collect(),
                }),
                None => None,
            },
            record: recorded.then_some(DialRecord { from_ringing: false, dual: false, report }),
        })
    }

    pub(super) fn queue(&mut self, queue: &twiml::Queue<'_>) -> Result<QueueNoun, Problem> {
        self.attributes("Queue", queue.other_attributes());
        let whisper = queue.url.as_ref().map(|url| target(Some(url), queue.method));
        Ok(QueueNoun { name: queue_name(queue.name())?.to_owned(), whisper })
    }

    pub(super) fn enqueue(&mut self, enqueue: &twiml::Enqueue<'_>) -> Result<Step, Problem> {
        self.attributes("Enqueue", enqueue.other_attributes());
        if enqueue.workflow_sid.is_some() {
            return Ok(Step::NotEmulated("`workflowSid` of <Enqueue>: TaskRouter".to_owned()));
        }
        let action = enqueue.action.as_ref().map(|url| target(Some(url), enqueue.method));
        Ok(Step::Enqueue(Enqueue {
            name: queue_name(enqueue.name().unwrap_or_default())?.to_owned(),
            action,
            wait: wait(enqueue.wait_url.as_ref(), enqueue.wait_url_method),
            max_size: enqueue.max_queue_size,
        }))
    }
}

fn queue_name(name: &str) -> Result<&str, Problem> {
    match name.chars().count() {
        0 => Err(Problem::error(NO_QUEUE_NAME, "a queue has no name")),
        1..=twiml::Enqueue::MAX_NAME => Ok(name),
        long => {
            let text = format!("the name of a queue has {long} characters of 64");
            Err(Problem::error(LONG_QUEUE_NAME, text))
        }
    }
}

/// The wait document. An empty URL is silence.
fn wait(url: Option<&Text<'_>>, method: Option<twiml::Method>) -> Wait {
    match url {
        None => Wait::Music,
        Some(url) if url.as_str().trim().is_empty() => Wait::Silence,
        Some(url) => Wait::Url(target(Some(url), method)),
    }
}

/// Participants of a conference (documentation of `<Conference>`).
const MOST: usize = 250;
