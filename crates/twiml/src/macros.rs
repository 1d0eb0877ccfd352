//! The three tables: an element, a choice of elements, an enumeration. Each is written once, and
//! gives the type, its builder methods, its rendering, its parsing and its entry in the table that
//! the tests compare with Twilio's grammar.

#[macro_use]
mod kinds;
#[macro_use]
mod elements;
#[macro_use]
mod values;
