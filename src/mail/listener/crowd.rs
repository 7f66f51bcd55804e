//! Who is in the house: sessions in all, and sessions with one network address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mail::listener::Limits;

/// Those who are in.
#[derive(Debug, Default)]
pub(crate) struct Crowd(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// A place in the crowd; it is free again when this is dropped.
pub(crate) struct Place<'a> {
    crowd: &'a Crowd,
    peer: Option<IpAddr>,
}

impl Crowd {
    /// A place, if there is one for this peer; a local socket has no peer.
    pub fn enter(&self, peer: Option<IpAddr>, limits: &Limits) -> Option<Place<'_>> {
        let peer = peer.map(network);
        let mut inside = self.inside();
        let of_peer = peer.and_then(|peer| inside.of.get(&peer).copied()).unwrap_or_default();
        if inside.all >= limits.connections || of_peer >= limits.per_peer {
            return None;
        }
        inside.all += 1;
        if let Some(peer) = peer {
            inside.of.insert(peer, of_peer + 1);
        }
        Some(Place { crowd: self, peer })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside();
        inside.all -= 1;
        if let Some(peer) = self.peer
            && let Some(count) = inside.of.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                inside.of.remove(&peer);
            }
        }
    }
}

/// What counts as one peer: an IPv4 address, and of IPv6 the /64 that one customer has (RFC 6177).
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << 64))),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_peer() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
