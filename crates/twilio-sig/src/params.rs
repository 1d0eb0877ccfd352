//! The parameters of a form in the order in which they are signed.

use crate::Form;

/// Decoded form fields, ordered for signing: by the bytes of the name, then of the value, a pair
/// that is repeated only once.
///
/// Made from any borrowed pairs; the texts themselves are not copied.
///
/// # Examples
///
/// ```
/// use twilio_sig::Params;
///
/// let owned = vec![("b".to_owned(), "2".to_owned()), ("B".to_owned(), "1".to_owned())];
/// let params = Params::from(&owned);
/// assert_eq!(params.iter().collect::<Vec<_>>(), [("B", "1"), ("b", "2")]);
///
/// let collected: Params<'_> = [("x", "1"), ("x", "1")].into_iter().collect();
/// assert_eq!(collected.iter().count(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params<'a> {
    pairs: Vec<(&'a str, &'a str)>,
    /// The bytes that the pairs were decoded from, if they are known.
    pub(crate) raw: Option<&'a [u8]>,
}

impl<'a> Params<'a> {
    fn new(mut pairs: Vec<(&'a str, &'a str)>, raw: Option<&'a [u8]>) -> Self {
        if !pairs.is_sorted_by(|left, right| left < right) {
            pairs.sort_unstable();
            pairs.dedup();
        }
        Self { pairs, raw }
    }

    /// The pairs as they are signed.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs.iter().copied()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Params<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self::new(pairs.into_iter().collect(), None)
    }
}

impl<'a, N: AsRef<str>, V: AsRef<str>> From<&'a [(N, V)]> for Params<'a> {
    fn from(pairs: &'a [(N, V)]) -> Self {
        pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect()
    }
}

impl<'a, N: AsRef<str>, V: AsRef<str>, const COUNT: usize> From<&'a [(N, V); COUNT]>
    for Params<'a>
{
    fn from(pairs: &'a [(N, V); COUNT]) -> Self {
        pairs.as_slice().into()
    }
}

impl<'a, N: AsRef<str>, V: AsRef<str>> From<&'a Vec<(N, V)>> for Params<'a> {
    fn from(pairs: &'a Vec<(N, V)>) -> Self {
        pairs.as_slice().into()
    }
}

impl<'a> From<&'a Form<'_>> for Params<'a> {
    fn from(form: &'a Form<'_>) -> Self {
        Self::new(form.iter().collect(), Some(form.raw()))
    }
}
