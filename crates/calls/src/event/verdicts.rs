//! Verdicts in the form in which they are kept.
//!
//! A team of fifty has fifty verdicts for each wave, so they are one text: for each candidate the user
//! in 22 digits of the base 64, and a letter for the reason, a capital one if they ring. Where a reason
//! is a word of another version, they are a list of objects. Both are read.

use alloc::string::String;
use alloc::vec::Vec;

use identity::{UserId, Word};
use routing::ReasonCode;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Verdict;

pub(crate) fn serialize<S: Serializer>(
    verdicts: &[Verdict],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match text(verdicts) {
        Some(text) => text.serialize(serializer),
        None => verdicts.serialize(serializer),
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Verdict>, D::Error> {
    match Form::deserialize(deserializer)? {
        Form::Text(text) => read(&text).ok_or_else(|| D::Error::custom("these are no verdicts")),
        Form::List(verdicts) => Ok(verdicts),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    List(Vec<Verdict>),
}

/// None if a reason has no letter.
fn text(verdicts: &[Verdict]) -> Option<String> {
    let mut text = String::with_capacity(verdicts.len() * LENGTH);
    for verdict in verdicts {
        let letter = letter(verdict.reason.known().ok()?);
        let user = u128::from_be_bytes(*verdict.user.as_bytes());
        for place in (0..DIGITS_OF_A_USER).rev() {
            let digit = usize::try_from(user >> (6 * place) & 63).ok()?;
            text.push(char::from(*DIGITS.get(digit)?));
        }
        text.push(if verdict.rings { letter.to_ascii_uppercase() } else { letter });
    }
    Some(text)
}

fn read(text: &str) -> Option<Vec<Verdict>> {
    let (verdicts, rest) = text.as_bytes().as_chunks::<LENGTH>();
    let verdict = |[digits @ .., letter]: &[u8; LENGTH]| {
        let user = digits.iter().try_fold(0_u128, |user, digit| {
            let digit = DIGITS.iter().position(|known| known == digit)?;
            user.checked_mul(64)?.checked_add(u128::try_from(digit).ok()?)
        })?;
        let reason = char::from(letter.to_ascii_lowercase());
        let reason = ReasonCode::ALL.iter().find(|known| self::letter(**known) == reason)?;
        Some(Verdict {
            user: UserId::from_bytes(user.to_be_bytes()),
            reason: Word::from(*reason),
            rings: letter.is_ascii_uppercase(),
        })
    };
    verdicts.iter().map(verdict).collect::<Option<_>>().filter(|_| rest.is_empty())
}

/// The letter of a reason. It is kept for ever.
const fn letter(reason: ReasonCode) -> char {
    match reason {
        ReasonCode::Rings => 'r',
        ReasonCode::Waits => 'w',
        ReasonCode::BeyondLastWave => 'b',
        ReasonCode::AlreadyRang => 'a',
        ReasonCode::OnCall => 'c',
        ReasonCode::WrapUp => 'u',
        ReasonCode::Away => 'y',
        ReasonCode::Offline => 'o',
        ReasonCode::PageClosed => 'p',
        ReasonCode::PageNotReady => 'e',
        ReasonCode::NotAssigned => 'n',
        ReasonCode::NotMember => 'm',
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGITS_OF_A_USER: usize = 22;
/// Of one verdict.
const LENGTH: usize = DIGITS_OF_A_USER + 1;
