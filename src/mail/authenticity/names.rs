//! Looking names up for one mail: whom we ask, until when, and how many names.

use crate::mail::authenticity::{DEADLINE, Names as Whom};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::system_conf::read_system_conf;
use mail_auth::spf::{Mechanism, Qualifier};
use mail_auth::{Error, MX, MessageAuthenticator, Parameters, RecordSet, ResolverCache, Txt};
use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// How many names one check of a mail may ask for: RFC 7208 §4.6.4 allows 10 records, and 10 hosts of each.
const MOST_NAMES: u32 = 60;
/// How long one name server has for one question, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;

/// Somebody to ask, until the deadline.
pub(super) struct Asking {
    pub authenticator: MessageAuthenticator,
    until: tokio::time::Instant,
}

impl Asking {
    /// Begins to ask; the time runs from now.
    pub fn new(whom: Whom) -> std::io::Result<Self> {
        let (config, mut options) = match whom {
            Whom::Nobody => return Err(std::io::Error::other("the settings name nobody to ask for names")),
            Whom::System => read_system_conf().map_err(std::io::Error::other)?,
            Whom::Server(at) => (only(at), ResolverOpts::default()),
        };
        options.timeout = PATIENCE;
        options.attempts = ATTEMPTS;
        // What an operator wrote for a host is no record of its owner.
        options.use_hosts_file = ResolveHosts::Never;
        options.cache_size = 0;
        let authenticator = MessageAuthenticator::new(config, options).map_err(std::io::Error::other)?;
        Ok(Self { authenticator, until: tokio::time::Instant::now() + DEADLINE })
    }

    /// What comes of a look-up; none = the time was over before.
    pub async fn within<T>(&self, asked: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until, asked).await.ok()
    }
}

fn only(at: SocketAddr) -> ResolverConfig {
    let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
    (udp.port, tcp.port) = (at.port(), at.port());
    let server = NameServerConfig::new(at.ip(), true, vec![udp, tcp]);
    ResolverConfig::from_name_servers(vec![server])
}

/// What was looked up for one check, and how much more may be.
pub(super) struct Names {
    texts: RefCell<Vec<(Box<str>, Txt)>>,
    left: Cell<u32>,
}

impl Names {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { texts: RefCell::default(), left: Cell::new(MOST_NAMES) }
    }

    /// The parameters of a check that asks no more than it may.
    pub fn with<'x, P, A, B, C, D, E>(
        &'x self,
        parameters: Parameters<'x, P, A, B, C, D, E>,
    ) -> Parameters<'x, P, Self, Self, Self, Self, Self>
    where
        A: ResolverCache<Box<str>, Txt>,
        B: ResolverCache<Box<str>, RecordSet<MX>>,
        C: ResolverCache<Box<str>, RecordSet<Ipv4Addr>>,
        D: ResolverCache<Box<str>, RecordSet<Ipv6Addr>>,
        E: ResolverCache<IpAddr, RecordSet<Box<str>>>,
    {
        Parameters {
            params: parameters.params,
            cache_txt: Some(self),
            cache_mx: Some(self),
            cache_ptr: Some(self),
            cache_ipv4: Some(self),
            cache_ipv6: Some(self),
        }
    }

    /// Whether an SPF record that was read makes anything but a yes of what it includes.
    pub fn has_qualified_include(&self) -> bool {
        let qualified = |text: &Txt| {
            let Txt::Spf(record) = text else { return false };
            record.directives.iter().any(|directive| {
                matches!(directive.mechanism, Mechanism::Include { .. })
                    && directive.qualifier != Qualifier::Pass
            })
        };
        self.texts.borrow().iter().any(|(_, text)| qualified(text))
    }

    /// The flags of the key by this name, if it was looked up.
    pub fn key_flags(&self, name: &str) -> Option<u64> {
        self.texts.borrow().iter().find_map(|(known, text)| match text {
            Txt::DomainKey(key) if known.eq_ignore_ascii_case(name) => Some(key.f),
            _ => None,
        })
    }

    /// Whether one more name may be asked for.
    fn spend(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    fn nothing<T>(&self) -> Option<RecordSet<T>>
    where
        std::sync::Arc<[T]>: FromIterator<T>,
    {
        (!self.spend()).then(|| RecordSet {
            rrset: std::iter::empty().collect(),
            dnssec_status: mail_auth::DnssecStatus::Indeterminate,
        })
    }
}

impl ResolverCache<Box<str>, Txt> for Names {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let texts = self.texts.borrow();
        let known = texts.iter().find(|(known, _)| Borrow::<Q>::borrow(known) == name);
        match known {
            Some((_, text)) => Some(text.clone()),
            // Whoever makes us ask for more than anybody needs has no record that can be used.
            None => (!self.spend()).then_some(Txt::Error(Error::ParseError)),
        }
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, name: Box<str>, text: Txt, _: Instant) {
        self.texts.borrow_mut().push((name, text));
    }
}

/// Hosts are not kept, only counted: when too many were asked for, there are no more.
macro_rules! counted {
    ($($key:ty => $value:ty,)+) => { $(
        impl ResolverCache<$key, RecordSet<$value>> for Names {
            fn get<Q>(&self, _: &Q) -> Option<RecordSet<$value>>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                self.nothing()
            }

            fn remove<Q>(&self, _: &Q) -> Option<RecordSet<$value>>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                None
            }

            fn insert(&self, _: $key, _: RecordSet<$value>, _: Instant) {}
        }
    )+ };
}

counted! {
    Box<str> => MX,
    Box<str> => Ipv4Addr,
    Box<str> => Ipv6Addr,
    IpAddr => Box<str>,
}
