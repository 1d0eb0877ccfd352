//! The client against a server that plays Twilio's answers and faults.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod answers;
mod conferences;
mod emulator;
mod faults;
mod twilio;
