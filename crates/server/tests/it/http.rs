//! Requests by hand, byte for byte where it matters.
