//! The agents who have rung so far, in the URL of a Dial's action. This is memory only: `resolve` in
//! crates/routing/src/resolve.rs decides who rings next.

use identity::UserId;
use routing::{Policy, WAVE_SIZE};

/// The state of a call between two waves: the last wave, and the agents who have rung so far.
///
/// It travels in the query of the action's URL, which Twilio signs, so that no server has to remember
/// it. Each agent is eight characters of a hash. The chance that two agents of one call share them is
/// one in 10¹⁰; the second one would not ring for this call then.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Rung {
    waves: Vec<Vec<[u8; MARK]>>,
}

impl Rung {
    /// The number of the last wave that rang; 0 before the first.
    pub(crate) fn last_wave(&self) -> u16 {
        u16::try_from(self.waves.len()).unwrap_or(u16::MAX)
    }

    /// The wave in which the agent rang.
    pub(crate) fn wave_of(&self, user: UserId) -> Option<u16> {
        let mark = mark(user);
        let wave = self.waves.iter().position(|wave| wave.contains(&mark))?;
        u16::try_from(wave + 1).ok()
    }

    /// The same with one more wave.
    #[must_use]
    pub(crate) fn with_wave(&self, users: &[UserId]) -> Self {
        let mut waves = self.waves.clone();
        waves.push(users.iter().copied().map(mark).collect());
        Self { waves }
    }

    /// Reads the query of an action's URL. Any other query means that nobody has rung. Of a list that is
    /// longer than any of ours the beginning counts, so that a request costs the same whatever it says.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let value =
            query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("rung="));
        let waves = value.unwrap_or_default().split('.').filter(|wave| !wave.is_empty());
        let marks = |wave: &str| {
            let (marks, _) = wave.as_bytes().as_chunks::<MARK>();
            marks.iter().take(WAVE_SIZE).copied().collect()
        };
        Self { waves: waves.take(usize::from(Policy::MAX_WAVES)).map(marks).collect() }
    }

    /// Writes the query of an action's URL.
    pub(crate) fn query(&self) -> String {
        let mut query = String::from("rung=");
        for (index, wave) in self.waves.iter().enumerate() {
            if index > 0 {
                query.push('.');
            }
            for mark in wave {
                query.extend(mark.iter().copied().map(char::from));
            }
        }
        query
    }
}

const MARK: usize = 8;

/// Eight characters of a 48-bit FNV-1a hash of the user id.
fn mark(user: UserId) -> [u8; MARK] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let hash = user.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    std::array::from_fn(|index| DIGITS[usize::try_from(hash >> (6 * index + 16) & 63).unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rung_are_remembered_by_wave() {
        let user = |n| UserId::from_bytes([n; 16]);
        let rung = Rung::default().with_wave(&[user(1), user(2)]).with_wave(&[user(3)]);
        let query = rung.query();
        assert_eq!(query.len(), "rung=".len() + 3 * MARK + 1);
        let read = Rung::parse(Some(&query));
        assert_eq!(read, rung);
        assert_eq!(read.last_wave(), 2);
        assert_eq!([1, 2, 3, 4].map(|n| read.wave_of(user(n))), [Some(1), Some(1), Some(2), None]);
        assert_eq!(Rung::parse(None).last_wave(), 0);
        assert_eq!(Rung::parse(Some("other=1")).last_wave(), 0);
    }

    #[test]
    fn of_an_endless_list_the_beginning_counts() {
        let wave = "AAAAAAAA".repeat(3_000);
        let endless = format!("rung={}", [wave.as_str(); 400].join("."));
        let read = Rung::parse(Some(&endless));
        assert_eq!(read.last_wave(), Policy::MAX_WAVES);
        assert!(read.waves.iter().all(|wave| wave.len() == WAVE_SIZE));
    }
}
