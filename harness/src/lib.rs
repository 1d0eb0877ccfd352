#![doc = include_str!("../README.md")]

mod failure;
pub mod run;

pub use failure::Failure;
