//! Who is let in at the door for strangers: which recipients are ours, and who guesses at reply addresses (R15).

use crate::clock::Clock;
use crate::domain::incoming::matching::reply::{local_part, reply_address};
use crate::domain::reference::ReplyToken;
use crate::mail::listener::{Admission, network};
use crate::service::Context;
use crate::store::requests::former;
use crate::store::{Db, matching};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Wrong reply addresses that one peer may name in an hour. A mail server passes on the slips of many people.
pub const GUESSES_OF_ONE: u32 = 20;
/// Wrong reply addresses that all peers together may name in an hour before nobody is told any more which is right.
pub const GUESSES_OF_ALL: u32 = 1_000;
/// Peers that are remembered; the one seen longest ago makes room.
const MOST_PEERS: usize = 10_000;

/// Addresses that every mail server must take (RFC 5321 §4.5.1, RFC 2142 §4).
const ALWAYS: [&str; 2] = ["postmaster", "abuse"];

/// The gate of the door for strangers.
pub struct Gatekeeper {
    reply_domain: String,
    refuses_unknown: bool,
    clock: Clock,
    db: Db,
    guesses: Mutex<Guesses>,
}

impl Gatekeeper {
    /// As the settings say.
    pub fn new(ctx: &Arc<Context>, db: &Db) -> Self {
        Self {
            reply_domain: ctx.config.reply_domain.clone(),
            refuses_unknown: ctx.config.mail.refuses_unknown,
            clock: ctx.clock.clone(),
            db: db.clone(),
            guesses: Mutex::default(),
        }
    }

    /// Whether mail for this recipient is taken from this peer.
    pub fn admits(&self, peer: Option<IpAddr>, recipient: &str) -> Admission {
        if ALWAYS.iter().any(|name| recipient.eq_ignore_ascii_case(name)) {
            return Admission::Briefly;
        }
        let Some(local) = local_part(recipient, &self.reply_domain) else { return self.strange(recipient) };
        if ALWAYS.contains(&local.as_str()) {
            return Admission::Briefly;
        }
        if !self.refuses_unknown {
            // All is taken, so nobody learns anything, and nothing needs to be looked up or counted.
            return Admission::Welcome;
        }
        match reply_address(recipient, &self.reply_domain) {
            Some((_, token)) => self.knows(peer, &token),
            None => self.unknown(),
        }
    }

    /// No address of ours, or one of ours that is longer than any.
    fn strange(&self, recipient: &str) -> Admission {
        let domain = recipient.rsplit_once('@').map(|(_, domain)| domain.trim_end_matches('.'));
        if domain.is_some_and(|domain| domain.eq_ignore_ascii_case(&self.reply_domain)) {
            self.unknown()
        } else {
            Admission::Elsewhere
        }
    }

    fn unknown(&self) -> Admission {
        if self.refuses_unknown { Admission::Nobody } else { Admission::Welcome }
    }

    /// Looks the token up by its hash. A wrong one counts; of who has named too many nothing is looked up any more, and
    /// all is taken: what comes is matched when it is read, at a request or at what matches none, and nobody is told
    /// which. So a guess tells nothing, and whoever writes through the same mail server loses no mail.
    fn knows(&self, peer: Option<IpAddr>, token: &str) -> Admission {
        let peer = network(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let now = self.clock.now();
        if self.guesses().of(peer, now) >= GUESSES_OF_ONE {
            return Admission::Welcome;
        }
        let hash = [ReplyToken::hash_of(token)];
        let found = self.db.conn().and_then(|mut conn| {
            // Mail to an address that was given up is kept, too (R15).
            Ok(!matching::by_tokens(&mut conn, &hash)?.is_empty()
                || !former::by_tokens(&mut conn, &hash)?.is_empty())
        });
        match found {
            Ok(true) => Admission::Welcome,
            Ok(false) => {
                let all = self.guesses().count(peer, now);
                // So many guesses are an attack: a refusal would tell it what is wrong, and so what is right.
                if all > GUESSES_OF_ALL { Admission::Welcome } else { Admission::Nobody }
            }
            // It is safe without a database; only a refusal needs one, and a wrong one would be for ever.
            Err(error) => {
                tracing::warn!(%error, "a recipient cannot be looked up; its sender is asked to come again");
                Admission::Later
            }
        }
    }

    fn guesses(&self) -> std::sync::MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wrong reply addresses of the last hour.
#[derive(Debug, Default)]
struct Guesses {
    of_all: Hour,
    of_one: HashMap<IpAddr, Hour>,
}

/// How many, in the hour that began then.
#[derive(Debug, Default, Clone, Copy)]
struct Hour {
    since: DateTime<Utc>,
    count: u32,
}

impl Hour {
    fn at(self, now: DateTime<Utc>) -> Self {
        let passed = now - self.since;
        let over = passed >= TimeDelta::hours(1) || passed < TimeDelta::zero();
        if over { Self { since: now, count: 0 } } else { self }
    }
}

impl Guesses {
    fn of(&self, peer: IpAddr, now: DateTime<Utc>) -> u32 {
        self.of_one.get(&peer).map_or(0, |hour| hour.at(now).count)
    }

    /// Counts one more; how many there were of all peers.
    fn count(&mut self, peer: IpAddr, now: DateTime<Utc>) -> u32 {
        if self.of_one.len() >= MOST_PEERS && !self.of_one.contains_key(&peer) {
            self.of_one.retain(|_, hour| hour.at(now).count > 0);
            let oldest = self.of_one.iter().min_by_key(|(_, hour)| hour.since).map(|(peer, _)| *peer);
            if let Some(oldest) = oldest.filter(|_| self.of_one.len() >= MOST_PEERS) {
                self.of_one.remove(&oldest);
            }
        }
        let of_peer = self.of_one.entry(peer).or_default();
        *of_peer = of_peer.at(now);
        of_peer.count += 1;
        if of_peer.count == GUESSES_OF_ONE {
            tracing::warn!(
                "one peer named many reply addresses that nobody has; it is told nothing for an hour"
            );
        }
        self.of_all = self.of_all.at(now);
        self.of_all.count += 1;
        if self.of_all.count == GUESSES_OF_ALL {
            tracing::warn!(
                "many reply addresses were named that nobody has; nobody is told any more which is right"
            );
        }
        self.of_all.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_of_peers_is_bounded_and_ends_after_an_hour() {
        let now: DateTime<Utc> = "2026-09-07T10:00:00Z".parse().unwrap();
        let mut guesses = Guesses::default();
        for n in 0..20_000_u32 {
            let at = now + TimeDelta::milliseconds(i64::from(n));
            assert_eq!(guesses.count(IpAddr::V4(n.into()), at), n + 1);
        }
        assert_eq!(guesses.of_one.len(), MOST_PEERS);
        let last = IpAddr::V4(19_999.into());
        assert_eq!(
            (guesses.of(last, now + TimeDelta::minutes(1)), guesses.of(last, now + TimeDelta::hours(2))),
            (1, 0)
        );
        assert_eq!(guesses.count(last, now + TimeDelta::hours(2)), 1);
    }
}
