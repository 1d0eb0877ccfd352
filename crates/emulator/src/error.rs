//! Why a person cannot do what a test asks.

use std::fmt;

use voice_token::VerifyError;

/// Why a virtual person could not do what the test asked.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandError {
    /// Nothing rings there, or it stopped ringing.
    NothingRings,
    /// The person is on a call already. The Voice SDK throws then.
    OnACall,
    /// There is no call, or it is over.
    NoCall,
    /// The participant to be coached is not in the conference, or is on hold.
    NoCoaching,
    /// It is not a key of a telephone.
    NotAKey,
    /// The agent has no TwiML App to call through.
    NoApp,
}

impl fmt::Display for HandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingRings => "nothing rings here",
            Self::OnACall => "the browser is on a call",
            Self::NoCall => "there is no call here",
            Self::NoCoaching => "nobody to be coached is there, or they are on hold",
            Self::NotAKey => "a key is 0 to 9, * or #",
            Self::NoApp => "the agent has no TwiML App",
        })
    }
}

impl std::error::Error for HandError {}

/// Why a browser may not register.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RegisterError {
    /// The token itself is invalid.
    Token(VerifyError),
    /// No account has the API key that the token names.
    UnknownKey,
    /// The token, its key and the browser belong to different accounts.
    OtherAccount,
    /// The token is for another identity.
    OtherIdentity,
    /// The token does not allow incoming calls.
    NoIncomingGrant,
    /// No token was sent yet.
    NoToken,
}

impl RegisterError {
    /// The error code of the Voice SDK, if one is known.
    pub fn code(self) -> Option<u32> {
        match self {
            Self::Token(VerifyError::Expired) => Some(20_104),
            Self::Token(VerifyError::TooLong) => Some(31_207),
            Self::Token(VerifyError::Signature) => Some(31_202),
            Self::Token(VerifyError::Malformed) => Some(31_204),
            Self::Token(_) | Self::UnknownKey => Some(20_101),
            Self::OtherAccount => Some(20_151),
            Self::OtherIdentity | Self::NoIncomingGrant | Self::NoToken => None,
        }
    }

    /// The code that the gateway sends, which the SDK turns into one of its own.
    pub(crate) fn frame_code(self) -> u32 {
        match self {
            Self::Token(VerifyError::Expired) => 31_205,
            Self::Token(VerifyError::TooLong) => 31_207,
            Self::Token(VerifyError::Signature) => 31_202,
            Self::Token(_) | Self::UnknownKey | Self::NoToken => 31_204,
            Self::OtherAccount | Self::OtherIdentity | Self::NoIncomingGrant => 31_201,
        }
    }

    /// The whole reason in one clause.
    pub(crate) fn sentence(self) -> String {
        match self {
            Self::Token(error) => format!("{self}: {error}"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "token was refused",
            Self::UnknownKey => "no account has the API key of the token",
            Self::OtherAccount => "token, key and browser belong to different accounts",
            Self::OtherIdentity => "token is for another identity",
            Self::NoIncomingGrant => "token does not allow incoming calls",
            Self::NoToken => "no token was sent yet",
        })
    }
}

impl std::error::Error for RegisterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Token(error) => Some(error),
            _ => None,
        }
    }
}
