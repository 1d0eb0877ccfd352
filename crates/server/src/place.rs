//! Where at Twilio a workspace's account is kept, and over which edge it is reached.

use std::fmt;
use std::str::FromStr;

use twilio_rest::BaseUrl;

/// A region of Twilio, in which accounts, keys and calls are kept.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Region {
    /// The United States, for all who choose nothing.
    #[default]
    Us1,
    /// Ireland.
    Ie1,
    /// Australia.
    Au1,
}

impl Region {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Us1 => "us1",
            Self::Ie1 => "ie1",
            Self::Au1 => "au1",
        }
    }

    /// The edge in the region itself.
    const fn edge(self) -> Edge {
        Edge(match self {
            Self::Us1 => "ashburn",
            Self::Ie1 => "dublin",
            Self::Au1 => "sydney",
        })
    }
}

/// An edge of Twilio: where browsers, and requests to its API, enter its network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Edge(&'static str);

impl Edge {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Why a text is no region or edge, as the rest of a sentence about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PlaceError {
    /// There is no such region.
    #[error("is not a region: us1, ie1 or au1")]
    Region,
    /// There is no such edge.
    #[error(
        "is not an edge: ashburn, dublin, frankfurt, sao-paulo, singapore, sydney, tokyo, umatilla, \
         roaming, or one with -ix at its end"
    )]
    Edge,
}

impl FromStr for Region {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Us1, Self::Ie1, Self::Au1]
            .into_iter()
            .find(|region| region.as_str() == text)
            .ok_or(PlaceError::Region)
    }
}

impl FromStr for Edge {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EDGES.into_iter().find(|edge| *edge == text).map(Self).ok_or(PlaceError::Edge)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Region and edge of a workspace.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Place {
    region: Region,
    /// The edge, if the workspace has chosen one.
    edge: Option<Edge>,
}

impl Place {
    /// Reads what is stored; null is Twilio's default.
    pub(crate) fn read(region: Option<&str>, edge: Option<&str>) -> Result<Self, PlaceError> {
        let region = region.map(str::parse).transpose()?.unwrap_or_default();
        Ok(Self { region, edge: edge.map(str::parse).transpose()? })
    }

    /// The region that access tokens must name; none for `us1`.
    pub(crate) fn token_region(self) -> Option<voice_token::Region> {
        if self.region == Region::Us1 { None } else { self.region.as_str().parse().ok() }
    }

    /// The edge that the Voice SDK must use. Outside `us1`, it finds the region only over an edge of it.
    pub(crate) fn sdk_edge(self) -> Option<Edge> {
        let own = (self.region != Region::Us1).then(|| self.region.edge());
        self.edge.or(own)
    }

    /// The address of the REST API.
    pub(crate) fn api(self) -> BaseUrl {
        // Each client chooses the edge `roaming` for itself: no host is called so.
        let edge = self.edge.filter(|edge| edge.0 != ROAMING);
        if edge.is_none() && self.region == Region::Us1 {
            return BaseUrl::twilio();
        }
        let (edge, region) = (edge.unwrap_or(self.region.edge()), self.region);
        let base = format!("https://api.{edge}.{region}.twilio.com");
        base.parse().unwrap_or_else(|_| BaseUrl::twilio())
    }
}

const ROAMING: &str = "roaming";

/// The list of edges of Twilio's client and server SDKs, as their parameters name them (`e` and `edge`).
const EDGES: [&str; 17] = [
    "ashburn",
    "dublin",
    "frankfurt",
    "sao-paulo",
    "singapore",
    "sydney",
    "tokyo",
    "umatilla",
    "ashburn-ix",
    "frankfurt-ix",
    "london-ix",
    "san-jose-ix",
    "singapore-ix",
    "sydney-ix",
    "tokyo-ix",
    "umatilla-ix",
    ROAMING,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_where_tokens_pages_and_requests_go() {
        let cases = [
            (None, None, "https://api.twilio.com", None, None),
            (Some("us1"), None, "https://api.twilio.com", None, None),
            (Some("us1"), Some("roaming"), "https://api.twilio.com", None, Some("roaming")),
            (None, Some("tokyo"), "https://api.tokyo.us1.twilio.com", None, Some("tokyo")),
            (Some("ie1"), None, "https://api.dublin.ie1.twilio.com", Some("ie1"), Some("dublin")),
            (Some("au1"), None, "https://api.sydney.au1.twilio.com", Some("au1"), Some("sydney")),
            (
                Some("ie1"),
                Some("frankfurt"),
                "https://api.frankfurt.ie1.twilio.com",
                Some("ie1"),
                Some("frankfurt"),
            ),
        ];
        for (region, edge, api, token, sdk) in cases {
            let place = Place::read(region, edge).unwrap();
            assert_eq!(place.api().as_str(), api);
            assert_eq!(place.token_region().as_ref().map(voice_token::Region::as_str), token);
            assert_eq!(place.sdk_edge().map(Edge::as_str), sdk, "{region:?} {edge:?}");
        }
        assert_eq!(Place::read(Some("US1"), None), Err(PlaceError::Region));
        assert_eq!(Place::read(Some("br1"), None), Err(PlaceError::Region));
        assert_eq!(Place::read(None, Some("dublin.evil.example.com")), Err(PlaceError::Edge));
    }
}
