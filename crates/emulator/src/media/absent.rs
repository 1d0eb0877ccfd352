//! Sessions in a build without the feature `media`: none can be made.

use std::net::SocketAddr;
use std::time::Instant;

use super::player::Frame;
use super::{Datagram, Result};

/// There is no certificate.
pub(super) struct Certificate;

impl Certificate {
    #[expect(clippy::unnecessary_wraps, reason = "a real one may fail")]
    pub(super) fn make() -> Option<Self> {
        Some(Self)
    }
}

/// A session, which cannot exist.
pub(super) enum Session {}

impl Session {
    pub(super) fn new(_: &Certificate, _: SocketAddr, _: Instant) -> Result<Self> {
        Err("the emulator was built without its feature `media`".to_owned())
    }

    pub(super) fn offer(&mut self) -> Result<String> {
        match *self {}
    }

    pub(super) fn answer(&mut self, _: &str) -> Result<String> {
        match *self {}
    }

    pub(super) fn complete(&mut self, _: &str) -> Result<()> {
        match *self {}
    }

    pub(super) fn receive(&mut self, _: &Datagram<'_>, _: bool) -> bool {
        match *self {}
    }

    pub(super) fn tick(&mut self, _: Instant) {
        match *self {}
    }

    pub(super) fn poll(&mut self, _: impl FnMut(SocketAddr, &[u8])) {
        match *self {}
    }

    pub(super) fn take_keys(&mut self) -> Vec<char> {
        match *self {}
    }

    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        match *self {}
    }

    pub(super) fn send(&mut self, _: &Frame, _: Instant) {
        match *self {}
    }
}
