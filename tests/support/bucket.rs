//! An object store as far as Askance speaks with one: signatures are computed anew, bodies are hashed, lists come in
//! small parts; and it can be away, slow, or give other bytes back.

use askance::store::blobs::{Address, Bucket, sha256};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Connections end without a word.
    Away,
    /// It takes requests and says nothing.
    Silent,
    /// Each blob that is asked for has one byte changed.
    Lying,
    /// Every second request is one too many.
    Busy,
}

/// The key that it knows.
pub const ACCESS_KEY: &str = "AKIDTEST";
pub const SECRET_KEY: &str = "c2VjcmV0/of+the+test";
pub const BUCKET: &str = "mail";
const REGION: &str = "eu-test-1";

struct State {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    mood: Mutex<Mood>,
    refused: Mutex<Vec<String>>,
    /// To the blob of this key it says no.
    closed: Mutex<Option<String>>,
    served: AtomicUsize,
}

/// The store, listening; its threads end with the tests.
#[derive(Clone)]
pub struct ObjectStore {
    state: Arc<State>,
    pub at: SocketAddr,
}

impl ObjectStore {
    pub fn start() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = door.local_addr().unwrap();
        let state = Arc::new(State {
            objects: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            refused: Mutex::default(),
            closed: Mutex::default(),
            served: AtomicUsize::new(0),
        });
        let store = Self { state, at };
        let serving = store.clone();
        std::thread::spawn(move || {
            for stream in door.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || while serving.answer(&stream).unwrap_or(false) {});
            }
        });
        store
    }

    pub fn is(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = mood;
    }

    /// From now on it says no to the blob of this key, and to no other.
    pub fn refuses(&self, key: Option<&str>) {
        *self.state.closed.lock().unwrap() = key.map(str::to_owned);
    }

    /// `blob_url` for it.
    pub fn url(&self, prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}?endpoint=http://{}&region={REGION}", self.at)
    }

    /// The bucket as the service opens it.
    pub fn bucket(&self, prefix: &str) -> Bucket {
        Bucket::new(Address {
            endpoint: format!("http://{}", self.at),
            bucket: BUCKET.to_owned(),
            prefix: format!("{prefix}/"),
            region: REGION.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.as_bytes().to_vec(),
            now: || askance::clock::Clock::System.now(),
        })
    }

    /// The names of all objects that begin so.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let objects = self.state.objects.lock().unwrap();
        objects.keys().filter(|name| name.starts_with(prefix)).cloned().collect()
    }

    /// From now on it gives these bytes for the object whose name ends so.
    pub fn gives(&self, end: &str, bytes: &[u8]) {
        let mut objects = self.state.objects.lock().unwrap();
        let named = objects.iter_mut().filter(|(name, _)| name.ends_with(end));
        named.for_each(|(_, given)| *given = bytes.to_vec());
    }

    /// Whether there is a blob, under any prefix, whole.
    pub fn has(&self, key: &str) -> bool {
        let objects = self.state.objects.lock().unwrap();
        objects.iter().any(|(name, bytes)| name.ends_with(key) && sha256(bytes) == key)
    }

    /// Whether these words stand in any object.
    pub fn holds(&self, words: &str) -> bool {
        let objects = self.state.objects.lock().unwrap();
        objects.values().any(|bytes| bytes.windows(words.len()).any(|part| part == words.as_bytes()))
    }

    /// What was wrong about requests so far.
    pub fn refused(&self) -> Vec<String> {
        self.state.refused.lock().unwrap().clone()
    }

    /// One request; false = the connection ends.
    fn answer(&self, stream: &TcpStream) -> std::io::Result<bool> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mood = *self.state.mood.lock().unwrap();
        match mood {
            Mood::Away => return Ok(false),
            Mood::Silent => {
                while *self.state.mood.lock().unwrap() == Mood::Silent {
                    std::thread::sleep(Duration::from_millis(20));
                }
                return Ok(false);
            }
            _ => {}
        }
        let turn = self.state.served.fetch_add(1, Ordering::SeqCst);
        let (status, mut answer) = if mood == Mood::Busy && turn.is_multiple_of(2) {
            (503, b"<Error><Code>SlowDown</Code></Error>".to_vec())
        } else if let Err(problem) = is_signed((&method, &target), &headers, &body) {
            self.state.refused.lock().unwrap().push(format!("{method} {target}: {problem}"));
            (403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>".to_vec())
        } else if self.state.closed.lock().unwrap().as_ref().is_some_and(|key| target.ends_with(key.as_str()))
        {
            (403, b"<Error><Code>AccessDenied</Code></Error>".to_vec())
        } else {
            self.does((&method, &target), body)
        };
        if mood == Mood::Lying && method == "GET" && !target.contains('?') && !answer.is_empty() {
            answer[0] ^= 1;
        }
        let length = answer.len();
        if method == "HEAD" {
            answer.clear();
        }
        let mut out = stream;
        out.write_all(format!("HTTP/1.1 {status} -\r\nContent-Length: {length}\r\n\r\n").as_bytes())?;
        out.write_all(&answer)?;
        Ok(true)
    }

    fn does(&self, (method, target): (&str, &str), body: Vec<u8>) -> (u16, Vec<u8>) {
        let mut objects = self.state.objects.lock().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Some(name) = path.strip_prefix(&format!("/{BUCKET}")) else {
            return (404, b"<Error><Code>NoSuchBucket</Code></Error>".to_vec());
        };
        let name = name.trim_start_matches('/');
        match method {
            "PUT" => {
                objects.insert(name.to_owned(), body);
                (200, Vec::new())
            }
            "DELETE" => {
                objects.remove(name);
                (204, Vec::new())
            }
            _ if name.is_empty() => (200, listed(&objects, query).into_bytes()),
            _ => match objects.get(name) {
                Some(bytes) => (200, bytes.clone()),
                None => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            },
        }
    }
}

/// Three names at a time.
fn listed(objects: &BTreeMap<String, Vec<u8>>, query: &str) -> String {
    let pairs: BTreeMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(pairs["list-type"], "2");
    let after = pairs.get("continuation-token").cloned().unwrap_or_default();
    let mut names = objects.keys().filter(|name| name.starts_with(&pairs["prefix"]) && **name > after);
    let part: Vec<&String> = names.by_ref().take(3).collect();
    let more = names.next().is_some();
    let mut xml = format!("<ListBucketResult><IsTruncated>{more}</IsTruncated>");
    for name in &part {
        write!(xml, "<Contents><Key>{name}</Key></Contents>").unwrap();
    }
    if let (true, Some(last)) = (more, part.last()) {
        write!(xml, "<NextContinuationToken>{last}</NextContinuationToken>").unwrap();
    }
    xml + "</ListBucketResult>"
}

/// Whether a request is signed by our key, for this host, body and hour (AWS Signature Version 4).
fn is_signed(
    (method, target): (&str, &str),
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<(), String> {
    let header = |name: &str| headers.get(name).ok_or_else(|| format!("no `{name}`"));
    let hash = header("x-amz-content-sha256")?;
    if *hash != sha256(body) {
        return Err("the body has another hash".to_owned());
    }
    let date = header("x-amz-date")?;
    let said = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").map_err(|e| e.to_string())?;
    let skew = askance::clock::Clock::System.now().naive_utc() - said;
    if skew.abs() > chrono::TimeDelta::minutes(15) {
        return Err(format!("signed {skew} ago"));
    }
    let authorization = header("authorization")?;
    let part = |name: &str| {
        let rest = authorization.split_once(&format!("{name}=")).map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split(',').next()).unwrap_or_default().trim().to_owned()
    };
    let scope = format!("{}/{REGION}/s3/aws4_request", &date[..8]);
    if part("Credential") != format!("{ACCESS_KEY}/{scope}") {
        return Err(format!("for {}", part("Credential")));
    }
    let names = part("SignedHeaders");
    if !["host", "x-amz-content-sha256", "x-amz-date"].iter().all(|name| names.split(';').any(|n| n == *name))
    {
        return Err(format!("only {names} are signed"));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    let mut canonical = format!("{method}\n{path}\n{}\n", pairs.join("&"));
    for name in names.split(';') {
        writeln!(canonical, "{name}:{}", header(name)?).unwrap();
    }
    write!(canonical, "\n{names}\n{hash}").unwrap();
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for step in [&date[..8], REGION, "s3", "aws4_request", &text] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(step.as_bytes());
        key = mac.finalize().into_bytes().to_vec();
    }
    if part("Signature") == data_encoding::HEXLOWER.encode(&key) {
        Ok(())
    } else {
        Err("a wrong signature".to_owned())
    }
}
