//! The form parameters of one webhook.

use core::str::FromStr;
use core::time::Duration;

use identity::{CallSid, Timestamp};

use crate::{LegStatus, ParamError};

/// The fields of one webhook, which can be read again and again.
pub(crate) struct Form<I> {
    pub(crate) params: I,
}

impl<'a, I: Iterator<Item = (&'a str, &'a str)> + Clone> Form<I> {
    /// Every non-empty value of one name.
    fn values(&self, name: &'static str) -> impl Iterator<Item = &'a str> + use<'a, I> {
        let named = self.params.clone().filter(move |(key, _)| *key == name);
        named.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// The first value, for parameters that decide nothing.
    pub(crate) fn first(&self, name: &'static str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// The only value, for parameters that identify calls and statuses.
    pub(crate) fn value(&self, name: &'static str) -> Result<Option<&'a str>, ParamError> {
        let mut values = self.values(name);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(ParamError::Repeated { name });
        }
        Ok(first)
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&'a str, ParamError> {
        self.value(name)?.ok_or(ParamError::Missing { name })
    }

    pub(crate) fn sid(&self, name: &'static str) -> Result<CallSid, ParamError> {
        self.required(name)?.parse().map_err(|source| ParamError::Sid { name, source })
    }

    pub(crate) fn word<T: FromStr>(&self, name: &'static str) -> Result<T, ParamError> {
        self.required(name)?.parse().map_err(|_| ParamError::Word { name })
    }

    pub(crate) fn status(&self) -> Result<LegStatus, ParamError> {
        match self.required("CallStatus")? {
            "queued" => Ok(LegStatus::Initiated),
            _ => self.word("CallStatus"),
        }
    }

    pub(crate) fn number<T: FromStr>(&self, name: &'static str) -> Option<T> {
        self.first(name)?.parse().ok()
    }

    /// When Twilio says that it happened.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc2822(self.first("Timestamp")?).ok()
    }

    /// Seconds, which fit into 32 bits for every call.
    pub(crate) fn seconds(&self, name: &'static str) -> Option<Duration> {
        self.number::<u32>(name).map(|seconds| Duration::from_secs(seconds.into()))
    }
}
