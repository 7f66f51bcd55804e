//! Room for messages in memory: what each network holds of it, and who gives way when nothing is left.
//!
//! The room is shared by all who send, and strangers are among them. Nobody has it all while others need some: whose
//! network holds most gives way to one that holds less, and is told to come later.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::mail::listener::crowd::network;

/// The room of one house.
#[derive(Debug)]
pub(crate) struct Room {
    most: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    all: usize,
    next: u64,
    parts: BTreeMap<u64, Share>,
}

/// What one message has.
#[derive(Debug)]
struct Share {
    /// The network it comes from; none = a local socket.
    of: Option<IpAddr>,
    octets: usize,
    /// Whether it came whole: then it does not give way any more.
    whole: bool,
}

/// The part of one message; it is free again when this is dropped.
pub(crate) struct Part<'a> {
    room: &'a Room,
    number: u64,
}

impl Room {
    /// Room for so many octets.
    pub fn new(most: usize) -> Self {
        Self { most, inside: Mutex::default() }
    }

    /// A part for a message that this peer sends, with nothing in it yet.
    pub fn part(&self, peer: Option<IpAddr>) -> Part<'_> {
        let mut inside = self.inside();
        let number = inside.next;
        inside.next += 1;
        inside.parts.insert(number, Share { of: peer.map(network), octets: 0, whole: false });
        Part { room: self, number }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part<'_> {
    /// Takes so many octets more; false = there is no room, or it had to give way.
    pub fn grow(&self, more: usize) -> bool {
        let mut inside = self.room.inside();
        let Some(of) = inside.parts.get(&self.number).map(|own| own.of) else { return false };
        while inside.all + more > self.room.most {
            let Some(other) = inside.gives_way_to(of, more) else { return false };
            inside.remove(other);
        }
        inside.all += more;
        if let Some(own) = inside.parts.get_mut(&self.number) {
            own.octets += more;
        }
        true
    }

    /// Whether it had to give way to others.
    pub fn gave_way(&self) -> bool {
        !self.room.inside().parts.contains_key(&self.number)
    }

    /// The message came whole and keeps its part; false = it had to give way before.
    pub fn is_whole(&self) -> bool {
        let mut inside = self.room.inside();
        inside.parts.get_mut(&self.number).is_some_and(|own| {
            own.whole = true;
            true
        })
    }
}

impl Part<'_> {
    /// Nothing of it is needed any more.
    pub fn leave(&self) {
        self.room.inside().remove(self.number);
    }
}

impl Inside {
    /// The largest message of the network that holds most, if that is more than this one would hold.
    fn gives_way_to(&self, of: Option<IpAddr>, more: usize) -> Option<u64> {
        let mut held: HashMap<Option<IpAddr>, usize> = HashMap::new();
        for share in self.parts.values() {
            *held.entry(share.of).or_default() += share.octets;
        }
        let own = held.get(&of).copied().unwrap_or_default() + more;
        let of_all = |share: &Share| held.get(&share.of).copied().unwrap_or_default();
        let others = self
            .parts
            .iter()
            .filter(|(_, share)| !share.whole && share.octets > 0 && share.of != of && of_all(share) > own);
        others.max_by_key(|(_, share)| (of_all(share), share.octets)).map(|(number, _)| *number)
    }

    fn remove(&mut self, number: u64) {
        self.all -= self.parts.remove(&number).map_or(0, |share| share.octets);
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_most_gives_way_and_what_came_whole_stays() {
        let room = Room::new(100);
        let part = |last: u8| room.part(Some(IpAddr::from([192, 0, 2, last])));
        let (one, two, three) = (part(1), part(1), part(2));
        assert!(one.grow(30) && two.grow(40) && three.grow(30));
        // Among its own nobody gives way.
        assert!(!one.grow(10));
        let other = part(3);
        assert!(other.grow(20));
        assert_eq!((one.gave_way(), two.gave_way(), three.gave_way()), (false, true, false));
        assert!(!two.grow(1) && !two.is_whole());
        // 30 and 30 and 20 are held; nobody gives way to one that would hold as much.
        assert!(!other.grow(30));
        assert!(one.is_whole() && three.is_whole());
        assert!(!part(4).grow(25), "nobody is left who may give way");
        drop((one, two, three, other));
        assert!(room.part(None).grow(100));
        assert_eq!(room.inside().all, 0);
    }
}
