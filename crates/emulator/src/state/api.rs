//! What the REST API itself remembers: its address, its faults, and how fast it may dial.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use identity::{AccountSid, Timestamp};

use crate::{ApiFault, ApiMishap};

/// The REST API.
#[derive(Debug, Default)]
pub(crate) struct Api {
    /// Where it listens.
    pub(crate) base_url: Option<String>,
    pub(crate) faults: Vec<ApiFault>,
    /// When each account may dial its next call.
    free_at: BTreeMap<AccountSid, Timestamp>,
}

impl Api {
    /// Takes the fault of the next request.
    pub(crate) fn next_fault(&mut self) -> Option<ApiMishap> {
        let fault = self.faults.first_mut()?;
        let mishap = fault.mishap;
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        self.faults.retain(|fault| fault.times != Some(0));
        Some(mishap)
    }

    /// How long the next call of an account waits in the queue of calls.
    pub(crate) fn queue_call(
        &mut self,
        account: AccountSid,
        calls_per_second: Option<NonZeroU32>,
        now: Timestamp,
    ) -> Duration {
        let Some(rate) = calls_per_second else { return Duration::ZERO };
        let free = self.free_at.get(&account).copied().unwrap_or(now).max(now);
        self.free_at.insert(account, free + Duration::from_secs(1) / rate.get());
        free.since(now)
    }
}
