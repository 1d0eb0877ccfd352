//! The media session of one line: ICE, DTLS and SRTP by str0m, PCMU in and out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::DtlsCert;
use str0m::crypto::from_feature_flags;
use str0m::format::{Codec, CodecExtra, FormatParams};
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

use super::player::{FRAME, Frame};
use super::{Datagram, Result};

/// One browser's side of a call.
pub(super) struct Session {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    mid: Option<Mid>,
    /// Samples sent so far.
    clock: u64,
    inbox: Inbox,
    /// The time of the last key, on the browser's own clock: each key comes in several packets.
    last_key: Option<u64>,
    keys: Vec<char>,
}

/// The certificate of all sessions. Making it takes a while.
pub(super) struct Certificate(DtlsCert);

impl Certificate {
    pub(super) fn make() -> Option<Self> {
        from_feature_flags().dtls_provider.generate_certificate().map(Self)
    }
}

impl Session {
    pub(super) fn new(
        certificate: &Certificate,
        address: SocketAddr,
        now: Instant,
    ) -> Result<Self> {
        // Comfort noise is not offered: with it, Chromium treats a steady tone as noise.
        let mut config = Rtc::builder()
            .set_ice_lite(true)
            .set_dtls_cert(certificate.0.clone())
            .set_reordering_size_audio(REORDERED)
            .clear_codecs()
            .enable_pcmu(true, false);
        let events = FormatParams { telephone_event_max: Some(16), ..FormatParams::default() };
        let rate = Frequency::EIGHT_KHZ;
        config.codec_config().add_config(KEYS.into(), None, Codec::Tele, rate, None, events);
        let mut rtc = config.build(now);
        let candidate = Candidate::host(address, "udp").map_err(|error| error.to_string())?;
        rtc.add_local_candidate(candidate);
        Ok(Self {
            rtc,
            pending: None,
            mid: None,
            clock: 0,
            inbox: Inbox::default(),
            last_key: None,
            keys: Vec::new(),
        })
    }

    /// Our offer.
    pub(super) fn offer(&mut self) -> Result<String> {
        let mut change = self.rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().ok_or("nothing to offer")?;
        self.mid = Some(mid);
        self.pending = Some(pending);
        Ok(offer.to_sdp_string())
    }

    /// Our answer to the browser's first offer, or to the one of an ICE restart.
    pub(super) fn answer(&mut self, offer: &str) -> Result<String> {
        let offer = SdpOffer::from_sdp_string(offer).map_err(|error| error.to_string())?;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|error| error.to_string())?;
        Ok(answer.to_sdp_string())
    }

    /// The browser's answer to our offer.
    pub(super) fn complete(&mut self, answer: &str) -> Result<()> {
        let pending = self.pending.take().ok_or("no offer waits for an answer")?;
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|error| error.to_string())?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|error| error.to_string())
    }

    /// Handles a datagram. False if it belongs to another session.
    pub(super) fn receive(&mut self, datagram: &Datagram<'_>, is_deaf: bool) -> bool {
        let Ok(receive) =
            Receive::new(Protocol::Udp, datagram.from, datagram.to, datagram.contents)
        else {
            return false;
        };
        let input = Input::Receive(datagram.at, receive);
        if !self.rtc.accepts(&input) {
            return false;
        }
        if !is_deaf && self.rtc.handle_input(input).is_err() {
            self.rtc.disconnect();
        }
        true
    }

    /// Handles the passing of time.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.rtc.is_alive() && self.rtc.handle_input(Input::Timeout(now)).is_err() {
            self.rtc.disconnect();
        }
    }

    /// Handles the events of the session, and sends its datagrams.
    pub(super) fn poll(&mut self, mut send: impl FnMut(SocketAddr, &[u8])) {
        while self.rtc.is_alive() {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(it)) => send(it.destination, &it.contents),
                Ok(Output::Event(event)) => self.happened(event),
                Ok(Output::Timeout(_)) => return,
                Err(_) => self.rtc.disconnect(),
            }
        }
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::MediaAdded(added) => self.mid = Some(added.mid),
            Event::MediaData(data) => self.heard(&data),
            _ => {}
        }
    }

    fn heard(&mut self, data: &MediaData) {
        let CodecExtra::Tele(event) = data.codec_extra else {
            self.inbox.push(&data.data);
            return;
        };
        let time = data.time.numer();
        if self.last_key != Some(time) {
            self.last_key = Some(time);
            self.keys.extend(KEY_NAMES.chars().nth(usize::from(event.event)));
        }
    }

    /// The keys that were pressed since the last time.
    pub(super) fn take_keys(&mut self) -> Vec<char> {
        std::mem::take(&mut self.keys)
    }

    /// The next 20 ms of the browser's sound, if they have arrived.
    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        self.inbox.next()
    }

    /// Sends 20 ms of sound to the browser. Before its media is connected they are lost.
    pub(super) fn send(&mut self, frame: &Frame, now: Instant) {
        let time = MediaTime::new(self.clock, Frequency::EIGHT_KHZ);
        self.clock += FRAME as u64;
        let Some(writer) = self.mid.and_then(|mid| self.rtc.writer(mid)) else { return };
        let Some(pt) = writer.payload_params().find(|it| it.spec().codec == Codec::PCMU) else {
            return;
        };
        let pt: Pt = pt.pt();
        // A frame that cannot be written is lost.
        let _ = writer.write(pt, now, time, frame.as_slice());
    }
}

/// Frames that arrived from the browser and were not played yet. A few frames wait, so that uneven
/// arrival cannot be heard.
#[derive(Debug, Default)]
struct Inbox {
    bytes: VecDeque<u8>,
    is_flowing: bool,
}

impl Inbox {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        // If too many frames wait, the oldest are skipped.
        let overflow = self.bytes.len().saturating_sub(MOST_FRAMES * FRAME);
        self.bytes.drain(..overflow);
    }

    fn next(&mut self) -> Option<Frame> {
        let enough = if self.is_flowing { FRAME } else { FIRST_FRAMES * FRAME };
        self.is_flowing = self.bytes.len() >= enough;
        if !self.is_flowing {
            return None;
        }
        let mut frame = [0; FRAME];
        for (to, from) in frame.iter_mut().zip(self.bytes.drain(..FRAME)) {
            *to = from;
        }
        Some(frame)
    }
}

/// The payload type of keys (RFC 4733); Chromium's own for 8000 Hz.
const KEYS: u8 = 126;

/// The keys by their number (RFC 4733, 3.2).
const KEY_NAMES: &str = "0123456789*#ABCD";

/// How many packets wait for an earlier one. On loopback no packet overtakes another.
const REORDERED: usize = 2;

const FIRST_FRAMES: usize = 3;
const MOST_FRAMES: usize = 25;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inbox_waits_flows_and_skips() {
        let mut inbox = Inbox::default();
        inbox.push(&[1; 2 * FRAME]);
        assert_eq!(inbox.next(), None);
        inbox.push(&[2; FRAME]);
        assert_eq!(
            [inbox.next(), inbox.next(), inbox.next()],
            [Some([1; FRAME]), Some([1; FRAME]), Some([2; FRAME]),]
        );
        assert_eq!(inbox.next(), None);
        inbox.push(&[3; FRAME]);
        assert_eq!(inbox.next(), None, "it waits again");
        for _ in 0..100 {
            inbox.push(&[4; FRAME]);
        }
        assert_eq!(inbox.bytes.len(), MOST_FRAMES * FRAME);
    }
}
