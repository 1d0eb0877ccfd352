//! The JSON of the API and of the live events: one form for both.

pub(crate) mod agent;
pub(crate) mod call;
#[cfg(test)]
pub(crate) mod generated;
pub(crate) mod number;
pub(crate) mod ring;
