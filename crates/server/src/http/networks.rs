//! Networks, for addresses with many users behind them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A list of networks, such as those of your own proxies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Networks(Vec<Network>);

/// An address, and how many of its first bits count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Networks {
    /// The networks in which your own proxy usually is: loopback, private (RFC 1918) and unique local
    /// (RFC 4193) addresses.
    pub fn private() -> Self {
        let v4 = |a, b, bits| Network { address: Ipv4Addr::new(a, b, 0, 0).into(), bits };
        let unique_local = Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0);
        Self(vec![
            v4(127, 0, 8),
            v4(10, 0, 8),
            v4(172, 16, 12),
            v4(192, 168, 16),
            Network { address: Ipv6Addr::LOCALHOST.into(), bits: 128 },
            Network { address: unique_local.into(), bits: 7 },
        ])
    }

    /// Whether an address is in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }
}

/// Why a text is no list of networks, as the rest of a sentence about the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("holds something that is no address or network, such as 10.0.0.0/8")]
pub struct NotANetwork;

impl FromStr for Networks {
    type Err = NotANetwork;

    /// Reads addresses and networks with commas between them: `10.1.2.3, 192.0.2.0/24, fd00::/8`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| NotANetwork)?;
        if bits > most {
            return Err(NotANetwork);
        }
        Ok(Self { address, bits })
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_its_network_and_in_no_other() {
        let listed: Networks = "192.0.2.0/24, 203.0.113.7,2001:db8::/33".parse().unwrap();
        let cases = [
            ("192.0.2.0", true, false),
            ("192.0.2.255", true, false),
            ("::ffff:192.0.2.9", true, false),
            ("192.0.3.0", false, false),
            ("203.0.113.7", true, false),
            ("203.0.113.8", false, false),
            ("2001:db8:7fff::1", true, false),
            ("2001:db8:8000::1", false, false),
            ("127.0.0.1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("::1", false, true),
            ("::2", false, false),
            ("172.31.255.255", false, true),
            ("172.32.0.0", false, false),
            ("fdff::1", false, true),
        ];
        for (text, by_list, by_default) in cases {
            let address = text.parse().unwrap();
            assert_eq!(listed.contain(address), by_list, "{text}");
            assert_eq!(Networks::private().contain(address), by_default, "{text}");
        }
        let all: Networks = "0.0.0.0/0".parse().unwrap();
        assert!(all.contain("8.8.8.8".parse().unwrap()));
        for wrong in ["10.0.0.0/33", "::/129", "10.0.0", "proxy.example.com", "10.0.0.0/", "/8"] {
            assert!(wrong.parse::<Networks>().is_err(), "{wrong}");
        }
    }
}
