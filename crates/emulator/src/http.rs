//! Sending webhooks as Twilio does.

mod client;
mod jar;
mod overrides;

pub(crate) use client::{Client, Request, check_status, full_url, signed_url};
pub(crate) use jar::Jar;
