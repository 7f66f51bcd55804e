//! A bucket of an S3-compatible object store: five requests, each bounded in time, and whether it answers at all.

use crate::store::Error;
use crate::store::blobs::listing::{self, Listed};
use crate::store::blobs::signature::{Asked, Signer, query, sign};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

/// A page that waits for a blob says within ten seconds that it cannot have it.
const RESOLVE: Duration = Duration::from_secs(2);
/// To connect, TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// Until the store begins to answer.
const ANSWER: Duration = Duration::from_secs(4);
/// Until it has written what we sent, if that is more than a little.
const WRITTEN: Duration = Duration::from_secs(20);
/// So much is written at once: who asks how the store is does not wait for long.
const LITTLE: usize = 4096;
/// To send the bytes themselves, and more for many.
const BYTES: Duration = Duration::from_secs(30);
/// To read the bytes themselves.
const READ: Duration = Duration::from_secs(60);
/// Octets a second that are asked of the way there.
const PACE: u64 = 256 << 10;
/// No blob is larger.
const LARGEST: u64 = 512 << 20;
/// No list of a thousand names is larger.
const LONGEST_LIST: u64 = 8 << 20;
/// Lists of a thousand names each: ten million names.
const MOST_LISTS: usize = 10_000;
/// What a store says of an error, as far as it is read.
const LONGEST_ERROR: u64 = 64 << 10;
/// Pauses before a request that failed in passing is made again; a store that took its whole time is not asked again.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];
/// The name under which it is tried out.
const TRY: &str = "try";
/// A store that failed is left alone for so long.
const LET_BE: Duration = Duration::from_secs(2);
/// So long ago its last word may be before it is asked how it is.
const STALE: Duration = Duration::from_secs(20);

/// Where a bucket is and how we get in.
#[derive(Clone)]
pub struct Address {
    /// `https://host:port`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// What each name begins with; empty, or ending in a slash.
    pub prefix: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: Vec<u8>,
    /// The machine's time: a store refuses what is signed for another.
    pub now: fn() -> DateTime<Utc>,
}

/// How the store was when it was last asked.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    well_at: Option<Instant>,
    failed_at: Option<Instant>,
}

/// The bucket.
#[derive(Clone)]
pub struct Bucket {
    agent: Agent,
    signer: Signer,
    host: String,
    endpoint: String,
    path: String,
    prefix: String,
    now: fn() -> DateTime<Utc>,
    seen: Arc<Mutex<Seen>>,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}/{}", self.endpoint, self.path, self.prefix)
    }
}

/// How a request ended that has no good answer.
enum Failed {
    /// It may go well at once.
    Passing(String),
    /// It took its whole time.
    TooSlow(String),
    /// The store says no.
    Refused(String),
    /// There is nothing under this name.
    Missing,
}

impl From<ureq::Error> for Failed {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TooSlow(error.to_string()),
            ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut => {
                Self::TooSlow(cause.to_string())
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => Self::Refused(error.to_string()),
            error => Self::Passing(error.to_string()),
        }
    }
}

impl Bucket {
    /// Over the network; nothing is asked yet.
    pub fn new(at: Address) -> Self {
        let roots = rustls_native_certs::load_native_certs().certs;
        let roots: Vec<Certificate<'static>> =
            roots.iter().map(|cert| Certificate::from_der(cert).to_owned()).collect();
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        // A store that leads elsewhere is not followed, and no setting of the environment leads around.
        let agent = Agent::config_builder()
            .tls_config(tls)
            .https_only(at.endpoint.starts_with("https://"))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("askance")
            .timeout_resolve(Some(RESOLVE))
            .timeout_connect(Some(CONNECT))
            .build()
            .new_agent();
        let host = at.endpoint.split_once("://").map_or("", |(_, host)| host).to_owned();
        Self {
            agent,
            signer: Signer { access_key: at.access_key, secret_key: at.secret_key, region: at.region },
            host,
            endpoint: at.endpoint,
            path: format!("/{}", at.bucket),
            prefix: at.prefix,
            now: at.now,
            seen: Arc::default(),
        }
    }

    /// Writes bytes under a name; when it returns, the store has said that it has them.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.again(name, || self.ask("PUT", name, Some(bytes)).map(drop))
    }

    /// The bytes under a name; of kind `NotFound` where there is nothing.
    pub(super) fn get(&self, name: &str) -> Result<Vec<u8>, Error> {
        self.again(name, || {
            let mut answer = self.ask("GET", name, None)?;
            Ok(answer.body_mut().with_config().limit(LARGEST).read_to_vec()?)
        })
    }

    /// How many bytes are under a name; none = there is nothing.
    pub(super) fn size(&self, name: &str) -> Result<Option<u64>, Error> {
        let found = self.again(name, || {
            let answer = self.ask("HEAD", name, None)?;
            let length = answer.headers().get("content-length").and_then(|value| value.to_str().ok());
            let length = length.and_then(|length| length.parse().ok());
            length.ok_or_else(|| Failed::Refused("it does not say how long what it has is".to_owned()))
        });
        match found {
            Ok(size) => Ok(Some(size)),
            Err(Error::Blobs(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what is under a name; nothing there is as well.
    pub(super) fn remove(&self, name: &str) -> Result<(), Error> {
        match self.again(name, || self.ask("DELETE", name, None).map(drop)) {
            Err(Error::Blobs(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// All names that begin so, without the prefix of ours.
    pub(super) fn names(&self, begin: &str) -> Result<BTreeSet<String>, Error> {
        let (mut names, mut token) = (BTreeSet::new(), None::<String>);
        for _ in 0..MOST_LISTS {
            let listed = self.again("a list", || self.list(begin, token.as_deref()))?;
            names.extend(
                listed.keys.iter().filter_map(|key| key.strip_prefix(&self.prefix)).map(str::to_owned),
            );
            match listed.more {
                None => return Ok(names),
                Some(next) => token = Some(next),
            }
        }
        Err(Error::Away("its list of names does not end".to_owned()))
    }

    fn list(&self, begin: &str, token: Option<&str>) -> Result<Listed, Failed> {
        let begin = format!("{}{begin}", self.prefix);
        let mut pairs = vec![("list-type", "2"), ("max-keys", "1000"), ("prefix", begin.as_str())];
        pairs.extend(token.map(|token| ("continuation-token", token)));
        let mut answer = self.send(("GET", &self.path, &query(&pairs)), None)?;
        let text = answer.body_mut().with_config().limit(LONGEST_LIST).read_to_string()?;
        listing::read(&text).ok_or_else(|| Failed::Refused("its list of names cannot be read".to_owned()))
    }

    /// Whether it can be written and read: asked where its last word is old. It is cheap where it is busy.
    pub(super) fn try_out(&self) -> Result<(), Error> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = seen.well_at.is_some_and(|at| at.elapsed() < STALE);
        if seen.failed_at.is_none() && fresh {
            return Ok(());
        }
        self.write_and_read()
    }

    /// Whether all can be done that the service does.
    pub fn try_all(&self) -> Result<(), Error> {
        self.write_and_read()?;
        if !self.names(TRY)?.contains(TRY) {
            return Err(Error::Away("it does not list what it was given".to_owned()));
        }
        self.remove(TRY)
    }

    /// Writes, reads and compares a few bytes.
    fn write_and_read(&self) -> Result<(), Error> {
        self.put(TRY, TRY.as_bytes())?;
        match self.get(TRY) {
            Ok(bytes) if bytes == TRY.as_bytes() => Ok(()),
            // Another process tried at the same time, and was done before.
            Err(Error::Blobs(_)) => Ok(()),
            Ok(_) => Err(Error::Away("it gives other bytes back than it was given".to_owned())),
            Err(error) => Err(error),
        }
    }

    /// Whether it answered when it was last asked, or may be asked again.
    pub(super) fn answers(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.failed_at.is_none_or(|at| at.elapsed() >= LET_BE)
    }

    /// Does it, again after a pause where it failed in passing, and remembers how the store is.
    fn again<T>(&self, name: &str, ask: impl Fn() -> Result<T, Failed>) -> Result<T, Error> {
        if !self.answers() {
            return Err(Error::Away("it did not answer a moment ago".to_owned()));
        }
        let mut pauses = PAUSES.iter();
        let why = loop {
            match ask() {
                Ok(done) => {
                    self.is_well();
                    return Ok(done);
                }
                Err(Failed::Missing) => {
                    self.is_well();
                    let cause = format!("there is nothing under `{name}` in the bucket");
                    return Err(std::io::Error::new(std::io::ErrorKind::NotFound, cause).into());
                }
                // What it says of one object is no word of the others; how it is altogether, `try_out` finds out.
                Err(Failed::Refused(why)) if name != TRY => {
                    return Err(Error::Refused(format!("`{name}`: {why}")));
                }
                Err(Failed::TooSlow(why) | Failed::Refused(why)) => break why,
                Err(Failed::Passing(why)) => match pauses.next() {
                    Some(pause) => std::thread::sleep(*pause),
                    None => break why,
                },
            }
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.failed_at.replace(Instant::now()).is_none() {
            tracing::error!(why, "the store of blobs does not answer; mail waits in the spool");
        }
        Err(Error::Away(why))
    }

    fn is_well(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.well_at = Some(Instant::now());
        if seen.failed_at.take().is_some() {
            tracing::warn!("the store of blobs answers again");
        }
    }

    fn ask(&self, method: &str, name: &str, body: Option<&[u8]>) -> Result<Response<Body>, Failed> {
        self.send((method, &format!("{}/{}{name}", self.path, self.prefix), ""), body)
    }

    /// One request, signed, each of its parts bounded in time.
    fn send(
        &self,
        (method, path, query): (&str, &str, &str),
        body: Option<&[u8]>,
    ) -> Result<Response<Body>, Failed> {
        let bytes = body.unwrap_or_default();
        let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
        let asked = Asked { method, host: &self.host, path, query, body: &hash };
        let signed = sign(&self.signer, &asked, (self.now)());
        let mark = if query.is_empty() { "" } else { "?" };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}{mark}{query}", self.endpoint))
            .header("authorization", signed.authorization)
            .header("x-amz-content-sha256", &hash)
            .header("x-amz-date", signed.date);
        let sent = if let Some(bytes) = body {
            let on_the_way = BYTES + Duration::from_secs(bytes.len() as u64 / PACE);
            let request = request.body(bytes).map_err(ureq::Error::from)?;
            let written = if bytes.len() > LITTLE { WRITTEN } else { ANSWER };
            let request = self.agent.configure_request(request).timeout_send_body(Some(on_the_way));
            self.agent
                .run(request.timeout_recv_response(Some(written)).timeout_recv_body(Some(BYTES)).build())
        } else {
            let request = request.body(()).map_err(ureq::Error::from)?;
            let request = self.agent.configure_request(request).timeout_recv_response(Some(ANSWER));
            self.agent.run(request.timeout_recv_body(Some(READ)).build())
        };
        let mut answer = sent?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(told(status, &mut answer))
    }
}

/// What a store means by a status that is no success. Of its words only the code is repeated, because the rest may
/// name keys.
fn told(status: StatusCode, answer: &mut Response<Body>) -> Failed {
    let text = answer.body_mut().with_config().limit(LONGEST_ERROR).read_to_string().unwrap_or_default();
    let code = listing::code(&text).unwrap_or_default();
    // A bucket that is missing is not a blob that is missing.
    if status == StatusCode::NOT_FOUND && (code.is_empty() || code == "NoSuchKey") {
        return Failed::Missing;
    }
    let why = format!("it answers {} {code}", status.as_u16()).trim_end().to_owned();
    let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    if passing { Failed::Passing(why) } else { Failed::Refused(why) }
}
