//! A limit of connections for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::networks::Networks;

/// How many connections each address holds.
#[derive(Clone)]
pub(super) struct Addresses {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    limit: usize,
    proxies: Arc<Networks>,
}

/// The place of one connection. Dropping it gives it back.
pub(super) struct Place {
    addresses: Addresses,
    address: Option<IpAddr>,
}

impl Addresses {
    pub(super) fn new(limit: usize, proxies: Networks) -> Self {
        Self { held: Arc::default(), limit, proxies: Arc::new(proxies) }
    }

    /// Takes a place, unless the address has reached its limit.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        if self.proxies.contain(address) {
            return Some(Place { addresses: self.clone(), address: None });
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address: Some(address) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut held = self.addresses.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place() {
        let addresses = Addresses::new(2, Networks::private());
        let address: IpAddr = "203.0.113.7".parse().unwrap();
        let first = addresses.take(address);
        let second = addresses.take(address);
        assert!(first.is_some() && second.is_some());
        assert!(addresses.take(address).is_none());
        assert!(addresses.take("203.0.113.8".parse().unwrap()).is_some());
        drop(first);
        assert!(addresses.take(address).is_some());
        let local: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert!((0..3).map(|_| addresses.take(local)).all(|place| place.is_some()));
    }
}
