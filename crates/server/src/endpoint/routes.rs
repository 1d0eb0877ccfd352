//! A table of routes, from which parsing and printing follow.

/// Makes an enum of the routes of one audience. Each line gives the variant, its short name for
/// metrics and logs, its method, and its path, in which `{}` stands for the variant's parameter.
macro_rules! routes {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$doc:meta])*
            $variant:ident $(($parameter:ty))?: $label:literal, $method:ident $path:literal;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub(crate) enum $name {
            $($(#[$doc])* $variant $(($parameter))?,)*
        }

        impl $name {
            /// How many routes there are.
            #[cfg(test)]
            const COUNT: usize = [$($label),*].len();

            /// Finds what a path names, or nothing.
            pub(crate) fn parse(path: &str) -> Option<Self> {
                $(routes!(@parse path, $path, $variant $(, $parameter)?);)*
                None
            }

            /// The one method it answers to, beside `OPTIONS`.
            pub(crate) const fn method(&self) -> Method {
                match self { $(Self::$variant { .. } => Method::$method,)* }
            }

            /// A short name for metrics and logs.
            pub(crate) const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $label,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(routes!(@print self, f, $path, $variant $(, $parameter)?);)*
                Ok(())
            }
        }
    };
    (@parse $text:ident, $path:literal, $variant:ident) => {
        if $text == $path {
            return Some(Self::$variant);
        }
    };
    (@parse $text:ident, $path:literal, $variant:ident, $parameter:ty) => {
        if let Some((before, after)) = $path.split_once("{}")
            && let Some(text) = $text.strip_prefix(before)
            && let Some(text) = text.strip_suffix(after)
            && let Ok(parameter) = text.parse::<$parameter>()
        {
            return Some(Self::$variant(parameter));
        }
    };
    (@print $self:ident, $f:ident, $path:literal, $variant:ident) => {
        if let Self::$variant = $self {
            return $f.write_str($path);
        }
    };
    (@print $self:ident, $f:ident, $path:literal, $variant:ident, $parameter:ty) => {
        if let Self::$variant(parameter) = $self {
            return write!($f, $path, parameter);
        }
    };
}

pub(crate) use routes;
