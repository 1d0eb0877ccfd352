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
#[derive(Clone, Debug)]
pub struct Params<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    /// A form whose fields came in order: its text is what is signed.
    Form(&'a Form<'a>, &'a str),
    /// Pairs in order, and the bytes that they were decoded from, if they are known.
    Pairs(Vec<(&'a str, &'a str)>, Option<&'a [u8]>),
}

impl<'a> Params<'a> {
    /// No parameters, of an empty body.
    pub(crate) const fn none() -> Self {
        Self(Source::Pairs(Vec::new(), Some(&[])))
    }

    fn sort(mut pairs: Vec<(&'a str, &'a str)>, raw: Option<&'a [u8]>) -> Self {
        if !pairs.is_sorted_by(in_order) {
            pairs.sort_unstable();
            pairs.dedup();
        }
        Self(Source::Pairs(pairs, raw))
    }

    /// The pairs as they are signed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let (form, pairs) = match &self.0 {
            Source::Form(form, _) => (Some(form.iter()), &[][..]),
            Source::Pairs(pairs, _) => (None, pairs.as_slice()),
        };
        form.into_iter().flatten().chain(pairs.iter().copied())
    }

    /// The signed text, if it is contiguous.
    pub(crate) fn in_one_piece(&self) -> Option<&str> {
        match &self.0 {
            Source::Form(_, text) => Some(text),
            Source::Pairs(pairs, _) => pairs.is_empty().then_some(""),
        }
    }

    /// Passes the signed text on, in pieces.
    pub(crate) fn pieces(&self, mut push: impl FnMut(&str)) {
        match &self.0 {
            Source::Form(_, text) => push(text),
            Source::Pairs(pairs, _) => {
                for (name, value) in pairs {
                    push(name);
                    push(value);
                }
            }
        }
    }

    /// The bytes that the pairs were decoded from, if they are known.
    pub(crate) fn raw(&self) -> Option<&[u8]> {
        match &self.0 {
            Source::Form(form, _) => Some(form.raw()),
            Source::Pairs(_, raw) => *raw,
        }
    }
}

/// Whether two pairs stand in the order in which they are signed, and are not the same.
///
/// Names nearly always differ in their first bytes, which takes one comparison.
fn in_order(left: &(&str, &str), right: &(&str, &str)) -> bool {
    let first = |name: &str| name.as_bytes().first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    match (first(left.0), first(right.0)) {
        (Some(left), Some(right)) if left != right => left < right,
        _ => left < right,
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Params<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self::sort(pairs.into_iter().collect(), None)
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
        match form.signed_text() {
            Some(text) => Self(Source::Form(form, text)),
            None => Self::sort(form.iter().collect(), Some(form.raw())),
        }
    }
}
