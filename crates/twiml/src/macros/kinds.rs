//! The kinds of attributes and contents: type, setter, reading, writing, freeing, describing.

/// The type of an attribute.
macro_rules! kind_type {
    (text) => { $crate::Text<'a> };
    (commas) => { $crate::Commas<'a> };
    (bool) => { bool };
    (int) => { u32 };
    (seconds) => { core::time::Duration };
    (millis) => { core::time::Duration };
    (time) => { core::time::Duration };
    (one $of:ident) => { $of };
    (open $of:ident) => { $of<'a> };
    (bounded $of:ident) => { $of<'a> };
    (plain $of:ident) => { $of };
    (list $of:ident) => { alloc::borrow::Cow<'static, [$of]> };
    (ints) => { alloc::borrow::Cow<'static, [u32]> };
}

/// What the setter of an attribute takes.
macro_rules! kind_argument {
    (text) => { impl Into<$crate::Text<'a>> };
    (open $of:ident) => { impl Into<$of<'a>> };
    (list $of:ident) => { impl Into<alloc::borrow::Cow<'static, [$of]>> };
    (ints) => { impl Into<alloc::borrow::Cow<'static, [u32]>> };
    ($($kind:tt)+) => { kind_type!($($kind)+) };
}

/// What the setter of an attribute keeps.
macro_rules! kind_keep {
    ($value:ident, seconds) => {
        core::time::Duration::from_secs($crate::write::seconds($value))
    };
    ($value:ident, millis) => {
        core::time::Duration::from_millis($crate::write::millis($value))
    };
    ($value:ident, time) => {
        core::time::Duration::from_millis($crate::write::millis($value))
    };
    ($value:ident, text) => {
        $value.into()
    };
    ($value:ident, open $of:ident) => {
        $value.into()
    };
    ($value:ident, list $of:ident) => {
        $value.into()
    };
    ($value:ident, ints) => {
        $value.into()
    };
    ($value:ident, $($kind:tt)+) => {
        $value
    };
}

/// Reads an attribute, or returns its text.
macro_rules! kind_read {
    ($text:ident, text) => {
        Ok::<_, $crate::Text<'a>>($text)
    };
    ($text:ident, commas) => {
        Ok::<_, $crate::Text<'a>>($crate::Commas::trusted($text))
    };
    ($text:ident, bool) => {
        $crate::value::read_bool($text.as_str()).ok_or($text)
    };
    ($text:ident, int) => {
        $crate::value::read_int($text.as_str()).ok_or($text)
    };
    ($text:ident, seconds) => {
        $crate::value::read_seconds($text.as_str()).ok_or($text)
    };
    ($text:ident, millis) => {
        $crate::value::read_millis($text.as_str()).ok_or($text)
    };
    ($text:ident, time) => {
        $crate::value::read_time($text.as_str()).ok_or($text)
    };
    ($text:ident, one $of:ident) => {
        $of::from_twiml($text.as_str()).ok_or($text)
    };
    ($text:ident, open $of:ident) => {
        $of::read($text)
    };
    ($text:ident, bounded $of:ident) => {
        $of::read($text)
    };
    ($text:ident, plain $of:ident) => {
        $of::from_twiml($text.as_str()).ok_or($text)
    };
    ($text:ident, list $of:ident) => {
        $crate::value::read_list($text.as_str(), $of::from_twiml).ok_or($text)
    };
    ($text:ident, ints) => {
        $crate::value::read_list($text.as_str(), $crate::value::read_int).ok_or($text)
    };
}

/// Writes an attribute's value.
macro_rules! kind_write {
    ($out:ident, $value:ident, text) => {
        $crate::write::value($out, $value)
    };
    ($out:ident, $value:ident, commas) => {
        $crate::write::value($out, $value.as_text())
    };
    ($out:ident, $value:ident, bool) => {
        $out.put(if *$value { "true" } else { "false" })
    };
    ($out:ident, $value:ident, int) => {
        $crate::write::integer($out, u64::from(*$value))
    };
    ($out:ident, $value:ident, seconds) => {
        $crate::write::integer($out, $crate::write::seconds(*$value))
    };
    ($out:ident, $value:ident, millis) => {
        $crate::write::integer($out, $crate::write::millis(*$value))
    };
    ($out:ident, $value:ident, time) => {
        $crate::value::write_time($out, *$value)
    };
    ($out:ident, $value:ident, one $of:ident) => {
        $out.put($value.as_str())
    };
    ($out:ident, $value:ident, open $of:ident) => {
        $value.write($out)
    };
    ($out:ident, $value:ident, bounded $of:ident) => {
        $value.write($out)
    };
    ($out:ident, $value:ident, plain $of:ident) => {
        $value.write($out)
    };
    ($out:ident, $value:ident, list $of:ident) => {
        $crate::value::write_listed::<$of, _>($value, $out)
    };
    ($out:ident, $value:ident, ints) => {
        $crate::value::write_list($out, $value, |out, item| {
            $crate::write::integer(out, u64::from(*item))
        })
    };
}

/// Turns an attribute's value into an owned one.
macro_rules! kind_owned {
    ($value:ident, text) => {
        $value.into_owned()
    };
    ($value:ident, commas) => {
        $value.into_owned()
    };
    ($value:ident, open $of:ident) => {
        $value.into_owned()
    };
    ($value:ident, bounded $of:ident) => {
        $value.into_owned()
    };
    ($value:ident, $($kind:tt)+) => {
        $value
    };
}

/// The type of an element's content.
macro_rules! content_type {
    (nothing) => { $crate::content::Nothing };
    (leaf) => { $crate::content::Leaf<'a> };
    (children $of:ident) => { $crate::content::Children<$of<'a>> };
    (text_or $of:ident) => { $crate::content::TextOr<'a, $of<'a>> };
    (mixed $of:ident) => { $crate::content::Mixed<$of<'a>> };
}

/// Turns an element's content into an owned one.
macro_rules! content_owned {
    ($content:expr, nothing) => { $content };
    ($content:expr, leaf) => { $crate::content::Leaf($content.0.into_owned()) };
    ($content:expr, children $of:ident) => {
        $crate::content::Children($content.0.into_iter().map($of::into_owned).collect())
    };
    ($content:expr, text_or $of:ident) => {
        $crate::content::TextOr {
            text: $content.text.map($crate::Text::into_owned),
            children: content_owned!($content.children, children $of),
        }
    };
    ($content:expr, mixed $of:ident) => {
        $crate::content::Mixed($content.0.into_iter().map($of::into_owned).collect())
    };
}

/// How the tests name the kind of an attribute.
#[cfg(test)]
macro_rules! kind_described {
    (text) => {
        $crate::grammar::Kind::Text
    };
    (commas) => {
        $crate::grammar::Kind::Commas
    };
    (bounded $of:ident) => {
        $crate::grammar::Kind::Text
    };
    (plain $of:ident) => {
        $crate::grammar::Kind::Plain
    };
    (bool) => {
        $crate::grammar::Kind::Bool
    };
    (int) => {
        $crate::grammar::Kind::Int
    };
    (seconds) => {
        $crate::grammar::Kind::Duration("s")
    };
    (millis) => {
        $crate::grammar::Kind::Duration("ms")
    };
    (time) => {
        $crate::grammar::Kind::Duration("")
    };
    (one $of:ident) => {
        $crate::grammar::Kind::One(|| $crate::grammar::closed($of::ALL, $of::as_str))
    };
    (open $of:ident) => {
        $crate::grammar::Kind::Open(|| $of::ALL.iter().map(|of| of.as_str()).collect())
    };
    (list $of:ident) => {
        $crate::grammar::Kind::List(|| $crate::grammar::closed($of::ALL, $of::as_str))
    };
    (ints) => {
        $crate::grammar::Kind::Ints
    };
}

/// How the tests name the content of an element.
#[cfg(test)]
macro_rules! content_described {
    (nothing) => {
        $crate::grammar::Inside::Nothing
    };
    (leaf) => {
        $crate::grammar::Inside::Leaf
    };
    (children $of:ident) => {
        $crate::grammar::Inside::Children(|| $of::DESCRIBED)
    };
    (text_or $of:ident) => {
        $crate::grammar::Inside::TextOr(|| $of::DESCRIBED)
    };
    (mixed $of:ident) => {
        $crate::grammar::Inside::Mixed(|| $of::DESCRIBED)
    };
}
