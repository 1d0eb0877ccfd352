//! The conferences of one account.

use identity::ConferenceSid;

use super::{Account, VERSION};
use crate::{
    ConferenceRecord, Error, Invitation, ParticipantChange, ParticipantName, ParticipantRecord,
    wire,
};

impl Account<'_> {
    /// The conference of this name that is not over.
    ///
    /// # Errors
    ///
    /// [`Error`]
    pub async fn conference(&self, name: &str) -> Result<Option<ConferenceRecord>, Error> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("FriendlyName", name)
            .append_pair("PageSize", "20")
            .finish();
        let path = format!("{}.json?{query}", self.conferences());
        let body = self.get(&path).await?;
        // Newest first, so one that runs is among the first.
        let all = wire::conferences(&body)?;
        Ok(all.into_iter().find(|it| it.name == name && !it.is_over))
    }

    /// The participants of a conference who are connected, at most 250 (Twilio's limit); none if it is over or unknown.
    ///
    /// # Errors
    ///
    /// [`Error`]
    pub async fn participants(
        &self,
        conference: ConferenceSid,
    ) -> Result<Vec<ParticipantRecord>, Error> {
        let path = format!("{}/{conference}/Participants.json?PageSize=250", self.conferences());
        match self.get(&path).await {
            Ok(body) => wire::participants(&body),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Calls somebody into the conference of this name, which is opened if there is none.
    ///
    /// # Errors
    ///
    /// [`Error`]. If it [may have been executed](crate::ErrorKind::Unsure), somebody may ring: look for the label before
    /// it is repeated.
    pub async fn invite(
        &self,
        name: &str,
        invitation: &Invitation<'_>,
    ) -> Result<ParticipantRecord, Error> {
        let path = format!("{}/{}/Participants.json", self.conferences(), segment(name));
        let timeout = invitation.timeout.as_secs().to_string();
        wire::participant(&self.post(&path, &invitation.form(&timeout)).await?)
    }

    /// Changes a participant.
    ///
    /// # Errors
    ///
    /// [`Error`]; a repetition does no harm.
    pub async fn change(
        &self,
        conference: ConferenceSid,
        who: ParticipantName<'_>,
        change: &ParticipantChange<'_>,
    ) -> Result<ParticipantRecord, Error> {
        let path = self.participant(conference, who);
        wire::participant(&self.post(&path, &change.form()).await?)
    }

    /// Takes a participant out of a conference. Their leg goes on with the `action` of its `<Dial>`, or ends.
    ///
    /// # Errors
    ///
    /// [`Error`]; a repetition does no harm.
    pub async fn remove(
        &self,
        conference: ConferenceSid,
        who: ParticipantName<'_>,
    ) -> Result<(), Error> {
        self.delete(&self.participant(conference, who)).await
    }

    fn conferences(&self) -> String {
        format!("{VERSION}/{}/Conferences", self.sid())
    }

    fn participant(&self, conference: ConferenceSid, who: ParticipantName<'_>) -> String {
        let who = match who {
            ParticipantName::Call(sid) => sid.to_string(),
            ParticipantName::Label(label) => segment(label),
        };
        format!("{}/{conference}/Participants/{who}.json", self.conferences())
    }
}

/// A name or label as one segment of a path.
fn segment(text: &str) -> String {
    let written = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_of_a_path() {
        for (text, want) in [
            ("call_CA01-2", "call_CA01-2"),
            ("../Calls", "%2E%2E%2FCalls"),
            ("a b?c#d", "a%20b%3Fc%23d"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(segment(text), want);
        }
    }
}
