//! The parties of a call, and what each of them hears.

use core::fmt;

use identity::{CallSid, PhoneNumber, UserId, codes};

/// The ordinal of a party in its call; the contact is 0. It is never given to another party.
///
/// It is also the party's label in the room, so a step can name a party whose Sid is not known yet.
///
/// # Examples
///
/// ```
/// use rooms::PartyId;
///
/// assert_eq!(PartyId::CONTACT.to_string(), "p0");
/// assert_eq!("p12".parse(), Ok(PartyId::new(12)));
/// assert!("p012".parse::<PartyId>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct PartyId(u8);

impl PartyId {
    /// The person whom the call is about.
    pub const CONTACT: Self = Self(0);

    /// The party with this ordinal.
    pub const fn new(ordinal: u8) -> Self {
        Self(ordinal)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Writes the label: `p3`.
impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl core::str::FromStr for PartyId {
    type Err = identity::UnknownCode;

    /// Reads a label as `Display` writes it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('p').unwrap_or_default();
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        let ordinal = digits.parse().ok().filter(|_| is_plain);
        ordinal.map(Self).ok_or(identity::UnknownCode { what: "label of a party" })
    }
}

/// Who a party is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Who {
    /// The person whom the call is about, whoever called whom.
    Contact,
    /// An agent at a browser.
    Agent(UserId),
    /// Somebody at a phone who was added.
    Guest(PhoneNumber),
    /// An admin who listens, whispers or barges.
    Supervisor(UserId),
}

impl Who {
    /// What they are in the call.
    pub const fn role(&self) -> Role {
        match self {
            Self::Contact => Role::Contact,
            Self::Agent(_) => Role::Agent,
            Self::Guest(_) => Role::Guest,
            Self::Supervisor(_) => Role::Supervisor,
        }
    }

    /// The user of the live chat, if they are one.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Agent(user) | Self::Supervisor(user) => Some(*user),
            Self::Contact | Self::Guest(_) => None,
        }
    }
}

/// What a party is in the call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// See [`Who::Contact`].
    Contact,
    /// See [`Who::Agent`].
    Agent,
    /// See [`Who::Guest`].
    Guest,
    /// See [`Who::Supervisor`].
    Supervisor,
}

codes!(Role, "role of a party", {
    Contact => "contact",
    Agent => "agent",
    Guest => "guest",
    Supervisor => "supervisor",
});

/// How a supervisor takes part.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Mode {
    /// They hear everybody, and nobody hears them.
    Listen,
    /// One agent hears them.
    Whisper,
    /// Everybody hears them.
    Barge,
}

/// Where a leg is, as far as is known.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Place {
    /// Nowhere: the carrier is to be asked to call them.
    New,
    /// It rings at them, or they are on their way into the room.
    Called,
    /// In the bridge of a plain Dial.
    Bridge,
    /// On the way from the bridge into the room.
    Turning,
    /// In the room.
    Room,
    /// With the router; the contact alone.
    Router,
    /// Over.
    Gone,
}

/// What a party in the room hears, and who hears them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Sound {
    /// They hear music, and nobody hears them.
    pub held: bool,
    /// Nobody hears them.
    pub muted: bool,
    /// The only party who hears them.
    pub coaches: Option<PartyId>,
}

impl Sound {
    /// Hears and is heard.
    pub const OPEN: Self = Self { held: false, muted: false, coaches: None };
    /// Hears only.
    pub const LISTENING: Self = Self { held: false, muted: true, coaches: None };

    /// Whether somebody hears more after this change than before.
    pub(crate) fn opens(self, after: Self) -> bool {
        (self.held && !after.held)
            || (self.muted && !after.muted)
            || (self.coaches.is_some() && after.coaches.is_none() && !after.muted)
    }
}

/// What the people of the call want of a party.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Want {
    /// On hold.
    pub hold: bool,
    /// Muted.
    pub mute: bool,
    /// For a supervisor; otherwise [`Mode::Barge`].
    pub mode: Mode,
    /// No longer in the call.
    pub leave: bool,
}

impl Want {
    pub(crate) const TALK: Self =
        Self { hold: false, mute: false, mode: Mode::Barge, leave: false };
}

/// One party of a call. Those who left stay in the list.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Party {
    /// Who it is.
    pub who: Who,
    /// Their leg, once it is known.
    pub leg: Option<CallSid>,
    /// Where their leg is.
    pub place: Place,
    /// What they hear in the room.
    pub sound: Sound,
    /// What is wanted of them.
    pub want: Want,
    /// Whether the carrier was asked to end the leg.
    pub ended: bool,
}

impl Party {
    pub(crate) const fn new(who: Who, leg: Option<CallSid>, place: Place) -> Self {
        let sound = match who.role() {
            Role::Supervisor => Sound::LISTENING,
            _ => Sound::OPEN,
        };
        Self { who, leg, place, sound, want: Want::TALK, ended: false }
    }

    /// Whether their leg is or may be connected to the call.
    pub(crate) const fn is_in(&self) -> bool {
        matches!(self.place, Place::Bridge | Place::Turning | Place::Room)
    }

    pub(crate) const fn is_staying(&self) -> bool {
        !self.want.leave && !matches!(self.place, Place::Gone)
    }

    /// What a page shows of them.
    pub const fn state(&self) -> PartyState {
        match (self.place, self.who.role(), self.want.mode) {
            (Place::Gone, ..) => PartyState::Left,
            (Place::New | Place::Called, ..) => PartyState::Ringing,
            (_, Role::Supervisor, Mode::Listen) => PartyState::Listening,
            (_, Role::Supervisor, Mode::Whisper) => PartyState::Whispering,
            _ if self.sound.held => PartyState::Held,
            _ => PartyState::Talking,
        }
    }
}

/// What a page shows of a party.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PartyState {
    /// They are being called.
    Ringing,
    /// They hear the others.
    Talking,
    /// They hear music.
    Held,
    /// A supervisor whom nobody hears.
    Listening,
    /// A supervisor whom one agent hears.
    Whispering,
    /// They are no longer in the call.
    Left,
}

codes!(PartyState, "state of a party", {
    Ringing => "ringing",
    Talking => "talking",
    Held => "held",
    Listening => "listening",
    Whispering => "whispering",
    Left => "left",
});

/// How a party left.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum How {
    /// They hung up on purpose.
    HungUp,
    /// Their leg ended, and nobody said that it should: a crash, a closed lid, a lost network.
    Lost,
    /// They were called, and did not answer.
    NotReached,
    /// The carrier was asked to end their leg.
    Removed,
}
