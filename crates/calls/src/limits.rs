//! How long things last at most.

use core::time::Duration;

use routing::Policy;

/// The longest that a call can last.
///
/// Twilio ends every Dial after 14,400 s (documentation of `<Dial>`, `timeLimit`); the rest is for
/// what came before the Dial, and for late callbacks. A call or leg that was answered longer ago
/// lost its last callback.
pub const LONGEST_CALL: Duration = Duration::from_secs(14_400 + 300);

/// How far the moment of an event may lie after its receipt: clocks differ. An event that claims more
/// is dated by its receipt, so that nobody waits for a moment in the future.
pub const MOST_AHEAD: Duration = Duration::from_secs(120);

/// The longest that a leg can ring: the longest `timeout` of a Dial and a minute for callbacks. A
/// leg that began to ring longer ago lost its last callback.
pub const LONGEST_RING: Duration = Duration::from_secs(Policy::MAX_RING.as_secs() + 60);
