//! How many octets each network has brought in lately: one stranger must not fill the disk that keeps everybody's mail.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::mail::listener::crowd::network;

/// For how long what came counts.
const AN_HOUR: Duration = Duration::from_secs(3_600);
/// Networks that are remembered; the one whose hour began first makes room.
const MOST_NETWORKS: usize = 10_000;

/// What came, for each network.
#[derive(Debug)]
pub(crate) struct Quota {
    most: u64,
    came: Mutex<HashMap<IpAddr, Came>>,
}

/// Octets in the hour that began then.
#[derive(Debug, Clone, Copy)]
struct Came {
    since: Instant,
    octets: u64,
}

impl Quota {
    /// So many octets an hour for each network.
    pub fn new(most: u64) -> Self {
        Self { most, came: Mutex::default() }
    }

    /// Whether more is taken of this peer now. This machine, a server of our own on it and local sockets have no quota.
    pub fn has_room(&self, peer: Option<IpAddr>, now: Instant) -> bool {
        let Some(peer) = counted(peer) else { return true };
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.get(&peer).is_none_or(|came| is_over(came, now) || came.octets < self.most)
    }

    /// Counts a message that came whole.
    pub fn count(&self, peer: Option<IpAddr>, octets: usize, now: Instant) {
        let Some(peer) = counted(peer) else { return };
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        if came.len() >= MOST_NETWORKS && !came.contains_key(&peer) {
            came.retain(|_, came| !is_over(came, now));
            let oldest = came.iter().min_by_key(|(_, came)| came.since).map(|(peer, _)| *peer);
            if let Some(oldest) = oldest.filter(|_| came.len() >= MOST_NETWORKS) {
                came.remove(&oldest);
            }
        }
        let of_peer = came.entry(peer).or_insert(Came { since: now, octets: 0 });
        if is_over(of_peer, now) {
            *of_peer = Came { since: now, octets: 0 };
        }
        let before = of_peer.octets;
        of_peer.octets = before.saturating_add(octets as u64);
        if before < self.most && of_peer.octets >= self.most {
            tracing::warn!(
                octets = self.most,
                "one network brought as much mail as is taken in an hour; it is told to come later"
            );
        }
    }
}

fn counted(peer: Option<IpAddr>) -> Option<IpAddr> {
    peer.filter(|peer| !peer.to_canonical().is_loopback()).map(network)
}

fn is_over(came: &Came, now: Instant) -> bool {
    now.saturating_duration_since(came.since) >= AN_HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(n: u32) -> IpAddr {
        IpAddr::V4((0xC000_0200 + n).into())
    }

    #[test]
    fn a_network_that_brought_its_part_comes_again_an_hour_later_and_no_other_waits_for_it() {
        let (quota, now) = (Quota::new(1_000), Instant::now());
        quota.count(Some(visitor(1)), 999, now);
        assert!(quota.has_room(Some(visitor(1)), now));
        quota.count(Some(visitor(1)), 1, now);
        assert!(!quota.has_room(Some(visitor(1)), now + AN_HOUR / 2));
        assert!(quota.has_room(Some(visitor(2)), now));
        assert!(quota.has_room(Some(visitor(1)), now + AN_HOUR));
        quota.count(Some(visitor(1)), 10, now + AN_HOUR);
        assert!(quota.has_room(Some(visitor(1)), now + AN_HOUR), "what came before counts no more");
    }

    #[test]
    fn this_machine_has_no_quota_and_what_is_remembered_is_bounded() {
        let (quota, now) = (Quota::new(1), Instant::now());
        for near in [None, Some("127.0.0.1".parse().unwrap()), Some("::1".parse().unwrap())] {
            quota.count(near, 1_000, now);
            assert!(quota.has_room(near, now));
        }
        for n in 0..20_000 {
            quota.count(Some(visitor(n)), 1, now + Duration::from_millis(n.into()));
        }
        assert_eq!(quota.came.lock().unwrap().len(), MOST_NETWORKS);
        assert!(quota.has_room(Some(visitor(0)), now), "it made room");
        assert!(!quota.has_room(Some(visitor(19_999)), now));
    }
}
