//! A number as it was read.

use calls::Refusal;
use serde::Serialize;

/// How a text is read as a number, how the number is shown, and whether this workspace may dial it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReadNumber {
    /// The number in E.164, which is what is dialled; `None` if the text is no number.
    pub(crate) e164: Option<String>,
    /// Digits behind the number, which are not dialled.
    pub(crate) extension: Option<String>,
    /// The number as people write it in the workspace's country: national at home, international abroad.
    pub(crate) text: Option<String>,
    /// The number with its calling code, grouped as its country does.
    pub(crate) international: Option<String>,
    /// The number as it is written in its own country.
    pub(crate) national: Option<String>,
    /// Its country, by its ISO 3166 code; `None` if it has none.
    pub(crate) country: Option<String>,
    /// What sort of number it is: `fixed`, `mobile`, `toll_free`, `premium` and so on.
    pub(crate) kind: Option<&'static str>,
    /// Whether it may be dialled.
    pub(crate) allowed: bool,
    /// Why not.
    pub(crate) reason: Option<Refusal>,
    /// Why not, in English.
    pub(crate) sentence: Option<String>,
}
