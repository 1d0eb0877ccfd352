//! The media of a page, in the place of a browser's `RTCPeerConnection`.
#![expect(clippy::cast_precision_loss, reason = "counts of samples are small")]

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::wait;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid, TelephoneEvent};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// One connection, which says a tone and remembers what it hears.
pub(crate) struct Peer {
    state: Arc<Mutex<State>>,
    socket: Arc<UdpSocket>,
    task: Option<JoinHandle<()>>,
}

struct State {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    mid: Option<Mid>,
    /// The sound that it sends, again and again.
    says: Vec<u8>,
    decoded: Vec<f64>,
    clock: u64,
    began: Instant,
    key: Option<u8>,
    heard: VecDeque<u8>,
    packets: u64,
}

impl Peer {
    pub(crate) async fn new(hz: f64) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port is free");
        let address = socket.local_addr().expect("it is bound");
        let mut config = Rtc::builder().clear_codecs().enable_pcmu(true, false);
        let events = FormatParams { telephone_event_max: Some(16), ..FormatParams::default() };
        let rate = Frequency::EIGHT_KHZ;
        config.codec_config().add_config(126.into(), None, Codec::Tele, rate, None, events);
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
        let decoded: Vec<f64> = (0..=u8::MAX).map(decode).collect();
        let state = State {
            rtc,
            pending: None,
            mid: None,
            says: tone(hz, &decoded),
            decoded,
            clock: 0,
            began: Instant::now(),
            key: None,
            heard: VecDeque::new(),
            packets: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), socket: Arc::new(socket), task: None }
    }

    /// An offer, with no candidate in it, as the SDK sends it.
    pub(crate) fn offer(&mut self) -> String {
        let mut state = self.state.lock().expect("no test panics with it");
        let mut change = state.rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().expect("there is something new");
        (state.mid, state.pending) = (Some(mid), Some(pending));
        without_candidates(&offer.to_sdp_string())
    }

    /// An offer for an ICE restart.
    pub(crate) fn restart(&mut self) -> String {
        let mut state = self.state.lock().expect("no test panics with it");
        let mut change = state.rtc.sdp_api();
        change.ice_restart(true);
        let (offer, pending) = change.apply().expect("there is something new");
        state.pending = Some(pending);
        without_candidates(&offer.to_sdp_string())
    }

    /// The answer to our offer.
    pub(crate) fn complete(&mut self, answer: &str) {
        {
            let mut state = self.state.lock().expect("no test panics with it");
            let pending = state.pending.take().expect("an offer was made");
            let answer = SdpAnswer::from_sdp_string(answer).expect("a session description");
            state.rtc.sdp_api().accept_answer(pending, answer).expect("it fits");
        }
        self.run();
    }

    /// Our answer to an offer.
    pub(crate) fn answer(&mut self, offer: &str) -> String {
        let answer = {
            let mut state = self.state.lock().expect("no test panics with it");
            let offer = SdpOffer::from_sdp_string(offer).expect("a session description");
            let answer = state.rtc.sdp_api().accept_offer(offer).expect("it fits");
            answer.to_sdp_string()
        };
        self.run();
        without_candidates(&answer)
    }

    /// Presses a key for 160 ms.
    pub(crate) fn press(&self, key: u8) {
        self.state.lock().expect("no test panics with it").key = Some(key);
    }

    /// Whether a tone is most of what was heard lately.
    pub(crate) fn hears(&self, hz: f64) -> bool {
        let heard: Vec<f64> = {
            let state = self.state.lock().expect("no test panics with it");
            state.heard.iter().map(|byte| state.decoded[usize::from(*byte)]).collect()
        };
        let power: f64 = heard.iter().map(|sample| sample * sample).sum();
        let tone = strength(&heard, hz);
        // A lone tone has half the square of its amplitude as its power.
        heard.len() == HEARD && tone > 0.02 && tone * tone / 2.0 > 0.4 * power / HEARD as f64
    }

    /// Waits until it hears a tone.
    pub(crate) async fn until_hears(&self, hz: f64) {
        eventually(|| self.hears(hz)).await;
    }

    pub(crate) fn packets(&self) -> u64 {
        self.state.lock().expect("no test panics with it").packets
    }

    fn run(&mut self) {
        if self.task.is_none() {
            let (state, socket) = (Arc::clone(&self.state), Arc::clone(&self.socket));
            self.task = Some(tokio::spawn(run(state, socket)));
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn run(state: Arc<Mutex<State>>, socket: Arc<UdpSocket>) {
    let address = socket.local_addr().expect("it is bound");
    let mut datagram = vec![0; 2048];
    loop {
        let received = timeout(Duration::from_millis(10), socket.recv_from(&mut datagram)).await;
        let sends = {
            let mut state = state.lock().expect("no test panics with it");
            if let Ok(Ok((length, from))) = received {
                state.receive(from, address, &datagram[..length]);
            }
            state.step()
        };
        for (to, contents) in sends {
            let _ = socket.send_to(&contents, to).await;
        }
    }
}

impl State {
    fn receive(&mut self, from: SocketAddr, to: SocketAddr, contents: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, from, to, contents) else { return };
        self.rtc.handle_input(Input::Receive(Instant::now(), receive)).expect("it is alive");
    }

    fn step(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let now = Instant::now();
        self.rtc.handle_input(Input::Timeout(now)).expect("it is alive");
        self.speak(now);
        let mut sends = Vec::new();
        loop {
            match self.rtc.poll_output().expect("it is alive") {
                Output::Timeout(_) => return sends,
                Output::Transmit(it) => sends.push((it.destination, it.contents.to_vec())),
                Output::Event(Event::MediaAdded(added)) => self.mid = Some(added.mid),
                Output::Event(Event::MediaData(data)) => {
                    self.packets += 1;
                    self.heard.extend(data.data.iter());
                    let overflow = self.heard.len().saturating_sub(HEARD);
                    self.heard.drain(..overflow);
                }
                Output::Event(_) => {}
            }
        }
    }

    /// Sends the sound that is due.
    fn speak(&mut self, now: Instant) {
        let due = u64::try_from(now.duration_since(self.began).as_millis()).unwrap_or(0) * 8;
        while self.clock + 160 <= due {
            let time = MediaTime::new(self.clock, Frequency::EIGHT_KHZ);
            let frame = self.says.clone();
            self.clock += 160;
            let Some(mut writer) = self.mid.and_then(|mid| self.rtc.writer(mid)) else { continue };
            let pt = writer.payload_params().find(|it| it.spec().codec == Codec::PCMU);
            let Some(pt) = pt.map(str0m::format::PayloadParams::pt) else { continue };
            if let Some(event) = self.key.take() {
                let duration = Duration::from_millis(160);
                let event = TelephoneEvent { event, end: true, volume: 10, duration };
                writer = writer.telephone_event(event);
            }
            let _ = writer.write(pt, now, time, frame);
        }
    }
}

/// The SDK trickles no candidates and sends none.
fn without_candidates(sdp: &str) -> String {
    sdp.split_inclusive("\r\n").filter(|line| !line.starts_with("a=candidate")).collect()
}

/// The amplitude of a tone in what was heard.
fn strength(heard: &[f64], hz: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (index, sample) in heard.iter().enumerate() {
        let angle = TAU * hz * index as f64 / 8000.0;
        real += sample * angle.cos();
        imaginary += sample * angle.sin();
    }
    real.hypot(imaginary) * 2.0 / heard.len().max(1) as f64
}

/// Twenty milliseconds of a tone of a multiple of 50 Hz, after which it begins anew.
fn tone(hz: f64, decoded: &[f64]) -> Vec<u8> {
    assert!(hz % 50.0 == 0.0, "{hz}");
    let wave = |index: u32| (TAU * hz * f64::from(index) / 8000.0).sin() / 4.0;
    (0..160).map(|index| encode(wave(index), decoded)).collect()
}

/// G.711, straight from its definition and slow.
fn decode(byte: u8) -> f64 {
    let byte = !byte;
    let magnitude = (((i32::from(byte & 15) << 3) + 132) << (byte >> 4 & 7)) - 132;
    f64::from(if byte & 0x80 == 0 { magnitude } else { -magnitude }) / 32_768.0
}

/// The nearest byte.
fn encode(sample: f64, decoded: &[f64]) -> u8 {
    let off = |byte: &u8| (decoded[usize::from(*byte)] - sample).abs();
    let nearest = (0..=u8::MAX).min_by(|one, other| off(one).total_cmp(&off(other)));
    nearest.unwrap_or(0xff)
}

/// Waits until something holds, for as long as a busy machine may need.
pub(crate) async fn eventually(mut condition: impl FnMut() -> bool) {
    let (patience, pause) = (Duration::from_secs(120), Duration::from_millis(250));
    assert!(wait::until(patience, pause, async || condition()).await, "it never came");
}

/// Samples remembered: a quarter of a second.
const HEARD: usize = 2000;
