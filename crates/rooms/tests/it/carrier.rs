//! The steps and documents, carried out on the emulator: what the model takes for granted about the carrier.

use std::sync::{Arc, Mutex};

use emulator::{Behaviour, Config, Emulator, Voice};
use identity::CallSid;
use rooms::{
    After, Answer, Call, Document, How, Input, Next, PartyId, Place, Seen, SeenAt, Sound, Step,
    What, Wish, WishId,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use twilio_rest::{
    Account, ApiSecret, Client, Credentials, ErrorKind, Instruction, ParticipantChange,
    ParticipantName, Pause, Settings,
};

use crate::world::{ANA, id};

const AGENT: &str = "agent_0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
const CONTACT: PartyId = PartyId::CONTACT;
const FIRST: PartyId = PartyId::new(1);

/// The server: it knows the call once it is bridged.
#[derive(Clone)]
struct Server {
    base: String,
    call: Arc<Mutex<Option<Call>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Self { base, call: Arc::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        server
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut read = Vec::new();
        let (path, form) = loop {
            let mut block = [0; 4096];
            let length = stream.read(&mut block).await.ok().filter(|length| *length > 0)?;
            read.extend_from_slice(&block[..length]);
            let text = String::from_utf8_lossy(&read).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                break (head.split(' ').nth(1)?.to_owned(), body.to_owned());
            }
        };
        let form: Vec<(String, String)> =
            form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let param = |name: &str| {
            form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value).to_owned()
        };
        let verbs = self.answer(&path, &param);
        let body = format!("<?xml version=\"1.0\"?><Response>{verbs}</Response>");
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()
    }

    /// The verbs of a document; what a callback says is applied.
    fn answer(&self, path: &str, param: &dyn Fn(&str) -> String) -> String {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let of_query = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap_or_default().to_owned()
        };
        let mut call = self.call.lock().expect("no panic");
        let Some(call) = call.as_mut() else { return self.ring() };
        let round = of_query("round=").parse().unwrap_or(0);
        match path {
            "/leg" if param("CallStatus") == "in-progress" && call.errand().is_some() => {
                let leg = param("CallSid").parse().expect("a Sid");
                call.apply(Input::Connected { agent: ANA, leg, round });
                String::new()
            }
            "/leg" if param("CallStatus") == "completed" => {
                let leg: CallSid = param("CallSid").parse().expect("a Sid");
                let party = call.parties().iter().position(|it| it.leg == Some(leg));
                if let Some(party) = party {
                    call.apply(Input::Left { party: id(party), how: How::Lost });
                }
                String::new()
            }
            "/room" if param("StatusCallbackEvent") == "participant-join" => {
                let party = param("ParticipantLabel").parse().expect("a label");
                let leg = param("CallSid").parse().expect("a Sid");
                call.apply(Input::Joined { party, leg, round });
                String::new()
            }
            "/leg" | "/room" => String::new(),
            _ => {
                let after = match path {
                    "/dial" => After::Dial(How::Lost),
                    "/left" => After::Room,
                    _ => After::Router,
                };
                call.apply(Input::Asked { party: CONTACT, after, round });
                match call.document(CONTACT, after) {
                    Document::Room(_) => self.room(call, CONTACT),
                    Document::Ring(_) => self.ring_again(call.round()),
                    Document::HangUp => "<Hangup/>".into(),
                }
            }
        }
    }

    fn ring(&self) -> String {
        self.ring_again(0)
    }

    fn ring_again(&self, round: u16) -> String {
        let base = &self.base;
        format!(
            "<Dial action=\"{base}/dial?round={round}\"><Client statusCallback=\"{base}/leg?round={round}\" \
             statusCallbackEvent=\"initiated ringing answered completed\">{AGENT}</Client></Dial>"
        )
    }

    fn room(&self, call: &Call, party: PartyId) -> String {
        let (base, round, ends) = (&self.base, call.round(), party == CONTACT);
        // Only the contact goes on after the room; everybody else's leg ends with it.
        let action =
            if ends { format!(" action=\"{base}/left?round={round}\"") } else { String::new() };
        format!(
            "<Dial{action}><Conference beep=\"false\" waitUrl=\"\" \
             participantLabel=\"{party}\" endConferenceOnExit=\"{ends}\" statusCallback=\"{base}/room?round={round}\" \
             statusCallbackEvent=\"join leave\">room-{round}</Conference></Dial>"
        )
    }

    fn with<T>(&self, f: impl FnOnce(&mut Call) -> T) -> T {
        f(self.call.lock().expect("no panic").as_mut().expect("a call"))
    }

    /// Carries out steps until the people are next.
    async fn go_on(&self, account: &Account<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            match self.with(|call| call.next()) {
                Next::Nothing => return steps,
                Next::Step(_) => {
                    let order = self.with(Call::order).expect("a step");
                    steps.push(order.step);
                    let answer = self.carry_out(account, order.step).await;
                    self.with(|call| call.apply(Input::Answered(order.number, answer)));
                }
                Next::Answer | Next::Arrival => tokio::task::yield_now().await,
            }
        }
    }

    async fn carry_out(&self, account: &Account<'_>, step: Step) -> Answer {
        let leg = |party: PartyId| {
            self.with(|call| call.party(party).and_then(|it| it.leg)).expect("a leg")
        };
        let room = self.with(|call| format!("room-{}", call.round()));
        let done = match step {
            Step::Convert { child } => {
                let verbs = self.with(|call| self.room(call, child));
                let text = format!("<Response>{verbs}</Response>");
                let document = twiml::Response::parse(&text);
                let document = Instruction::twiml(&document.expect("a document")).expect("short");
                account.update(leg(child), &document).await.map(drop)
            }
            Step::Change { party, sound } => {
                let change = ParticipantChange {
                    held: Some(sound.held),
                    muted: Some(sound.muted),
                    ..ParticipantChange::default()
                };
                let found = account.conference(&room).await.expect("an answer").expect("a room");
                let label = party.to_string();
                account.change(found.sid, ParticipantName::Label(&label), &change).await.map(drop)
            }
            Step::HangUp { party } => {
                account.update(leg(party), &Instruction::hang_up()).await.map(drop)
            }
            Step::Move => {
                let router = format!("{}/router?round={}", self.base, self.with(|it| it.round()));
                account.update(leg(CONTACT), &Instruction::url(router)).await.map(drop)
            }
            Step::Call { .. } | Step::Look => panic!("{step:?} is not part of this story"),
        };
        match done.map_err(|error| error.kind()) {
            Ok(()) => Answer::Done,
            Err(ErrorKind::NotInProgress) => Answer::NotInProgress,
            Err(ErrorKind::Gone) => Answer::Absent,
            Err(kind) => panic!("{step:?}: {kind:?}"),
        }
    }

    /// Where the contact is, by the API.
    async fn contact(&self, account: &Account<'_>) -> Option<Seen> {
        let room = self.with(|call| format!("room-{}", call.round()));
        let room = account.conference(&room).await.expect("an answer")?;
        let all = account.participants(room.sid).await.expect("an answer");
        let it = all.into_iter().find(|it| it.label.as_deref() == Some("p0"))?;
        let sound = Sound { held: it.held, muted: it.muted, coaches: None };
        Some(Seen { party: CONTACT, at: SeenAt::Room(sound) })
    }
}

struct NoPause;

impl Pause for NoPause {
    fn pause(
        &self,
        _: std::time::Duration,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_caller_is_held_and_resumed_and_survives_the_agents_browser() {
    let server = Server::start().await;
    let twilio = Emulator::start(Config::default()).await.expect("it starts");
    let http = twilio.listen_http(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let owner = twilio.account("2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f").expect("a token");
    let key = owner.api_key().expect("a key");
    owner.number("+15005550001", Voice::new(format!("{}/voice", server.base))).expect("a number");
    let ana = owner.agent(AGENT, Behaviour::ByHand);
    let caller = twilio.phone("+15005551234").call("+15005550001");
    ana.rings().await;
    let leg = ana.answer().expect("it rings");
    caller.until(|story| story.answered_by().is_some()).await;
    *server.call.lock().expect("no panic") = Some(Call::inbound(caller.sid(), ANA, leg));

    let base = http.url().parse().expect("a base URL");
    let client = Client::new(Settings { base, ..Settings::twilio() }, NoPause).expect("a client");
    let secret = ApiSecret::new(key.secret.clone());
    let credentials = Credentials::api_key(owner.sid(), key.sid, secret);
    let account = client.account(&credentials);

    // Hold, from a plain Dial, and resume.
    let held = Sound { held: true, ..Sound::OPEN };
    let change = |sound| Step::Change { party: CONTACT, sound };
    let seen = |sound| Some(Seen { party: CONTACT, at: SeenAt::Room(sound) });
    let wish = |id, what| Input::Wish(Wish { id: WishId(id), by: ANA, what });
    server.with(|call| call.apply(wish(1, What::Hold(CONTACT))));
    let steps = server.go_on(&account).await;
    assert_eq!(steps, [Step::Convert { child: FIRST }, change(held)]);
    assert_eq!(server.contact(&account).await, seen(held));
    server.with(|call| call.apply(wish(2, What::Resume(CONTACT))));
    assert_eq!(server.go_on(&account).await, [change(Sound::OPEN)]);
    assert_eq!(server.contact(&account).await, seen(Sound::OPEN));

    // Her browser is gone, and nobody said so: the router rings her again.
    let time_stands = twilio.hold();
    ana.hang_up().expect("she is on the call");
    while server.with(|call| call.errand().is_none()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.go_on(&account).await, [Step::Move]);
    drop(time_stands);
    ana.rings().await;
    ana.answer().expect("it rings again");
    while server.with(|call| call.parties()[0].place != Place::Bridge) {
        tokio::task::yield_now().await;
    }

    // In the second round she holds them once more, and then ends the call.
    server.with(|call| call.apply(wish(3, What::Hold(CONTACT))));
    assert_eq!(
        server.go_on(&account).await,
        [Step::Convert { child: PartyId::new(2) }, change(held)]
    );
    assert_eq!(server.contact(&account).await, seen(held));
    let news = server.with(|call| call.apply(wish(4, What::End)));
    assert!(news.contains(&rooms::News::Over), "{news:?}");
    let steps = server.go_on(&account).await;
    assert_eq!(steps[0], Step::HangUp { party: CONTACT });
    let story = caller.ended().await;
    assert!(!story.application_error, "{story}");
}
