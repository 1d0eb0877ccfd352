//! Sending webhooks as Twilio does.

mod client;
mod helpers;
mod jar;
mod local;
mod overrides;

pub(crate) use client::{Client, Delivered, Request, check_status, full_url, signed_url};
pub(crate) use helpers::serves as is_helper;
pub(crate) use jar::Jar;
