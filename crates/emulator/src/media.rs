//! The media engine: the other end of the browsers' media, and what virtual people say and hear.
//!
//! Every 20 ms, each leg sends one frame of PCMU and hears one. The [world](crate::world) decides
//! who hears whom. No session is renegotiated when that changes.

mod ear;
mod player;
#[cfg(feature = "media")]
mod session;
#[cfg(not(feature = "media"))]
#[path = "media/absent.rs"]
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use std::{fmt, io};

use identity::CallSid;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

pub use ear::Ear;
use ear::Memory;
use player::{Frame, Player, SILENCE, Source, mix};
use session::{Certificate, Session};

use crate::frame::LineId;
use crate::state::audio::Hears;
use crate::state::audio::Person;
use crate::state::audio::Seat;
use crate::{Address, Sound};

/// All media.
pub(crate) struct Media {
    socket: UdpSocket,
    address: SocketAddr,
    engine: Mutex<Engine>,
    /// Wakes the task that moves sound.
    pub(crate) wanted: Notify,
    /// Made at first use, because it takes a while.
    certificate: OnceLock<Option<Certificate>>,
}

/// The current sessions and sounds.
#[cfg_attr(
    not(feature = "media"),
    expect(clippy::zero_sized_map_values, reason = "there are no sessions to hold")
)]
#[derive(Default)]
struct Engine {
    sessions: BTreeMap<LineId, Session>,
    deaf: BTreeSet<LineId>,
    /// What virtual people say.
    mouths: BTreeMap<CallSid, Player>,
    players: BTreeMap<CallSid, Player>,
    memories: BTreeMap<Address, Memory>,
}

/// Errors are texts for people.
type Result<T> = std::result::Result<T, String>;

/// A datagram as it came.
#[cfg_attr(not(feature = "media"), expect(dead_code, reason = "sessions read them"))]
struct Datagram<'d> {
    from: SocketAddr,
    to: SocketAddr,
    contents: &'d [u8],
    at: Instant,
}

/// The sound of each leg in these 20 ms.
pub(crate) type Spoken = BTreeMap<CallSid, Frame>;

impl Media {
    /// Takes a port on loopback.
    pub(crate) async fn open() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        Ok(Self {
            socket,
            address,
            engine: Mutex::default(),
            wanted: Notify::new(),
            certificate: OnceLock::new(),
        })
    }

    /// Offers a session to a browser where a leg rings.
    pub(crate) fn offer(&self, line: LineId) -> Result<String> {
        let mut session = self.new_session()?;
        let offer = session.offer()?;
        self.engine().sessions.insert(line, session);
        Ok(offer)
    }

    /// Answers a browser's offer: the first one, or one for an ICE restart.
    pub(crate) fn answer(&self, line: LineId, offer: &str) -> Result<String> {
        if let Some(session) = self.engine().sessions.get_mut(&line) {
            return session.answer(offer);
        }
        let mut session = self.new_session()?;
        let answer = session.answer(offer)?;
        self.engine().sessions.insert(line, session);
        Ok(answer)
    }

    /// Completes a session with the browser's answer.
    pub(crate) fn complete(&self, line: LineId, answer: &str) -> Result<()> {
        let mut engine = self.engine();
        engine.sessions.get_mut(&line).ok_or("nothing was offered")?.complete(answer)
    }

    /// What a person hears now, together with the keys that they heard.
    pub(crate) fn heard_by(&self, person: &Address, keys: String) -> Ear {
        let memory = self.engine().memories.get(person).cloned().unwrap_or_default();
        memory.analyse(keys)
    }

    fn new_session(&self) -> Result<Session> {
        let certificate = self.certificate.get_or_init(Certificate::make).as_ref();
        Session::new(certificate.ok_or("no certificate")?, self.address, Instant::now())
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a datagram of a browser, and handles it.
    pub(crate) async fn receive(&self, datagram: &mut [u8]) {
        if let Ok((length, from)) = self.socket.recv_from(datagram).await {
            self.take_in(from, datagram.get(..length).unwrap_or_default());
        }
    }

    /// Forgets the sessions and sounds of calls that are over.
    pub(crate) fn forget(&self, lines: &BTreeSet<LineId>, seats: &[Seat]) {
        self.engine().forget(lines, seats);
    }

    fn take_in(&self, from: SocketAddr, contents: &[u8]) {
        let datagram = Datagram { from, to: self.address, contents, at: Instant::now() };
        let mut engine = self.engine();
        let Engine { sessions, deaf, .. } = &mut *engine;
        for (line, session) in sessions {
            let is_deaf = deaf.contains(line);
            if session.receive(&datagram, is_deaf) {
                self.flush(session, is_deaf);
                return;
            }
        }
    }

    /// Plays the next 20 ms.
    pub(crate) fn play(&self, seats: &[Seat]) -> Played {
        let mut engine = self.engine();
        let spoken = engine.speak(seats);
        engine.listen(seats, &spoken);
        let now = Instant::now();
        let Engine { sessions, deaf, .. } = &mut *engine;
        let mut keys = Vec::new();
        for (line, session) in sessions {
            session.tick(now);
            self.flush(session, deaf.contains(line));
            keys.extend(session.take_keys().into_iter().map(|key| (*line, key)));
        }
        Played { spoken, keys }
    }

    fn flush(&self, session: &mut Session, is_deaf: bool) {
        session.poll(|to, contents| {
            if !is_deaf {
                // A datagram that cannot be sent now is lost, as on any network.
                let _ = self.socket.try_send_to(contents, to);
            }
        });
    }
}

/// The result of 20 ms.
pub(crate) struct Played {
    pub(crate) spoken: Spoken,
    pub(crate) keys: Vec<(LineId, char)>,
}

impl Engine {
    /// Collects what everybody says.
    fn speak(&mut self, seats: &[Seat]) -> Spoken {
        self.deaf.clear();
        let mut spoken = Spoken::new();
        for seat in seats {
            let said = match &seat.person {
                Person::Browser { line, is_deaf } => {
                    if *is_deaf {
                        self.deaf.insert(*line);
                    }
                    self.sessions.get_mut(line).and_then(Session::next_frame)
                }
                Person::Virtual { says: Sound::Silence, .. } => Some(SILENCE),
                Person::Virtual { says, .. } => {
                    Some(self.mouths.entry(seat.leg).or_default().next(&Source::from(says), 0))
                }
            };
            if let Some(frame) = said {
                spoken.insert(seat.leg, frame);
            }
        }
        spoken
    }

    /// Plays to each person what they should hear.
    fn listen(&mut self, seats: &[Seat], spoken: &Spoken) {
        let now = Instant::now();
        let latest = latest_calls(seats);
        for seat in seats {
            let (frame, is_spoken) = match &seat.hearing.what {
                Hears::Leg(other) => match spoken.get(other) {
                    Some(frame) => (*frame, true),
                    None => (SILENCE, false),
                },
                Hears::Mix(others) => {
                    let voices: Vec<&Frame> =
                        others.iter().filter_map(|other| spoken.get(other)).collect();
                    (mix(voices.iter().copied()), !voices.is_empty())
                }
                other => {
                    let source = Source::of(other).unwrap_or_default();
                    let player = self.players.entry(seat.leg).or_default();
                    (player.next(&source, seat.hearing.turn), false)
                }
            };
            match &seat.person {
                Person::Browser { line, .. } => {
                    if let Some(session) = self.sessions.get_mut(line) {
                        session.send(&frame, now);
                    }
                }
                Person::Virtual { address, .. } if latest.get(address) == Some(&seat.order) => {
                    let memory = self.memories.entry(address.clone()).or_default();
                    memory.hear(seat.leg, &frame, is_spoken);
                }
                // This person listens to a later call.
                Person::Virtual { .. } => {}
            }
        }
    }

    /// Forgets sessions and sounds of calls that are over.
    fn forget(&mut self, lines: &BTreeSet<LineId>, seats: &[Seat]) {
        self.sessions.retain(|line, _| lines.contains(line));
        let legs: BTreeSet<CallSid> = seats.iter().map(|seat| seat.leg).collect();
        self.mouths.retain(|leg, _| legs.contains(leg));
        self.players.retain(|leg, _| legs.contains(leg));
    }
}

/// The latest call of each person: the one that they listen to.
fn latest_calls(seats: &[Seat]) -> BTreeMap<&Address, u64> {
    let mut latest = BTreeMap::new();
    for seat in seats {
        if let Person::Virtual { address, .. } = &seat.person {
            let order = latest.entry(address).or_insert(seat.order);
            *order = seat.order.max(*order);
        }
    }
    latest
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Media({})", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::audio::Hearing;

    fn seat(number: u8, hz: u16) -> Seat {
        let hearing = Hearing { what: Hears::Tone { hz }, turn: 1, keys: String::new() };
        let person =
            Person::Virtual { address: Address::from("+15005550006"), says: Sound::Silence };
        Seat { leg: CallSid::from_bytes([number; 16]), order: u64::from(number), person, hearing }
    }

    #[test]
    fn a_phone_listens_to_its_latest_call() {
        let mut engine = Engine::default();
        let phone = Address::from("+15005550006");
        let both = [seat(1, 500), seat(2, 900)];
        for (seats, want) in [(&both[..1], 500.0), (&both, 900.0), (&both[..1], 500.0)] {
            for _ in 0..10 {
                let spoken = engine.speak(seats);
                engine.listen(seats, &spoken);
            }
            let ear = engine.memories[&phone].analyse(String::new());
            assert!(ear.hears_tone(want) && ear.tones.len() == 1, "{want}: {ear:?}");
        }
    }
}
