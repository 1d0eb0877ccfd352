//! What the API and the stream of events say, in the same words.

pub(crate) mod agent;
pub(crate) mod call;
#[cfg(test)]
pub(crate) mod generated;
pub(crate) mod ring;
