#![doc = include_str!("../README.md")]

mod caller;
mod country;
mod dial;
mod emergency;
mod error;
mod kind;
mod plan;
mod read;
mod same;
mod scan;
mod shown;
mod tail;

pub use caller::{Caller, caller};
pub use country::{Country, UnknownCountry};
pub use dial::{Forbidden, dial, forbidden_kind, may_dial};
pub use error::{Fault, NotANumber};
pub use kind::{Kind, kind};
pub use plan::{METADATA, load};
pub use read::{Number, read};
pub use same::{is_caller, same};
pub use shown::{international, national, shown};
pub use tail::{endings, tail, tails};
