//! Parameters of webhooks.

/// Parameters in the order in which they are sent.
pub(crate) type Params = Vec<(String, String)>;

/// Adds one parameter.
#[expect(clippy::needless_pass_by_value, reason = "values are made where they are added")]
pub(crate) fn add(params: &mut Params, name: &str, value: impl ToString) {
    params.push((name.to_owned(), value.to_string()));
}
