//! A page, ready to go out: as text or packed, with the tag by which a reader asks whether it still holds.

use flate2::Compression;
use flate2::read::GzEncoder;
use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{Builder, Responder, Response};
use std::io::{Cursor, Read};
use std::sync::Arc;

/// A page, ready to go out; cheap to clone.
#[derive(Debug, Clone)]
pub struct Rendered {
    status: Status,
    kind: ContentType,
    /// Of what caches may keep, asking each time whether it still holds.
    tag: Option<Arc<str>>,
    body: Body,
}

impl Rendered {
    /// For everyone: caches may keep it.
    pub fn public(kind: ContentType, text: String) -> Self {
        let tag = Some(etag(text.as_bytes()).into());
        Self { status: Status::Ok, kind, tag, body: Body::plain(text) }
    }

    /// For one reader: never kept, and never packed, because the size of a packed page can tell what is in it
    /// (a secret beside words that the asker chose).
    pub fn private(text: String) -> Self {
        Self { status: Status::Ok, kind: ContentType::HTML, tag: None, body: Body::plain(text) }
    }

    /// A file for one reader, known by a secret address: neither they nor anyone between keeps it.
    pub fn secret(kind: ContentType, text: String) -> Self {
        Self { kind, ..Self::private(text) }
    }

    /// With another status, for a form that came back with its faults.
    #[must_use]
    pub fn with_status(self, status: Status) -> Self {
        Self { status, tag: None, ..self }
    }

    /// The same in less room, if everyone may read it.
    #[must_use]
    pub fn packed(self) -> Self {
        if self.tag.is_some() { Self { body: self.body.packed(), ..self } } else { self }
    }

    /// How many bytes it takes here.
    pub fn size(&self) -> usize {
        self.body.room()
    }
}

impl<'r> Responder<'r, 'static> for Rendered {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build();
        response.status(self.status).header(self.kind);
        let Some(tag) = self.tag else {
            response.header(Header::new("Cache-Control", "private, no-store"));
            return self.body.fill(response, false);
        };
        response.header(Header::new("Cache-Control", "no-cache"));
        self.body.answer(request, response, &tag)
    }
}

/// Bytes of our own, plain or packed; cheap to clone.
#[derive(Debug, Clone)]
pub enum Body {
    /// As they are.
    Plain(Shared),
    /// In less room.
    Packed {
        /// With gzip (RFC 1952), as it goes out.
        gzip: Shared,
        /// With LZ4, for who does not take gzip: it is undone ten times as fast, and whoever asks so often that it
        /// matters (a crawler, a script) seldom takes gzip.
        lz4: Shared,
        /// How many bytes it is unpacked.
        size: usize,
    },
}

impl Body {
    /// As they are.
    pub fn plain(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Plain(Shared(bytes.into().into()))
    }

    /// Packed, if that makes them smaller.
    #[must_use]
    pub fn packed(self) -> Self {
        let Self::Plain(bytes) = &self else { return self };
        let mut gzip = Vec::with_capacity(bytes.len() / 2);
        // Fast: pages are packed as they are made, and a third is most of what there is to win.
        let read = GzEncoder::new(&*bytes.0, Compression::new(2)).read_to_end(&mut gzip);
        if read.is_err() || gzip.len() >= bytes.len() {
            return self;
        }
        let lz4 = Shared(lz4_flex::block::compress(&bytes.0).into());
        Self::Packed { size: bytes.len(), gzip: Shared(gzip.into()), lz4 }
    }

    /// How many bytes it takes here.
    pub fn room(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Packed { gzip, lz4, .. } => gzip.len() + lz4.len(),
        }
    }

    /// Fills a response that caches may keep. Packed and unpacked bytes are two representations with a strong tag
    /// each (RFC 9110 §8.8.3.3); who has either has the page.
    pub fn answer(
        self,
        request: &Request<'_>,
        mut response: Builder<'static>,
        tag: &str,
    ) -> rocket::response::Result<'static> {
        let packed = matches!(self, Self::Packed { .. });
        let packed_tag = format!("{}-gz\"", tag.trim_end_matches('"'));
        let as_packed = packed && takes_gzip(request);
        let own = if as_packed { &packed_tag } else { tag };
        response.header(Header::new("ETag", own.to_owned()));
        if packed {
            response.header(Header::new("Vary", "Accept-Encoding"));
        }
        if matches_tag(request, tag) || (packed && matches_tag(request, &packed_tag)) {
            return response.status(Status::NotModified).ok();
        }
        self.fill(response, as_packed)
    }

    fn fill(self, mut response: Builder<'static>, as_packed: bool) -> rocket::response::Result<'static> {
        // In one piece: by default Rocket copies and sends four kilobytes at a time.
        match self {
            Self::Plain(bytes) => {
                response.max_chunk_size(bytes.len().max(1)).sized_body(bytes.len(), Cursor::new(bytes))
            }
            Self::Packed { gzip, .. } if as_packed => {
                response.header(Header::new("Content-Encoding", "gzip"));
                response.max_chunk_size(gzip.len().max(1)).sized_body(gzip.len(), Cursor::new(gzip))
            }
            Self::Packed { lz4, size, .. } => {
                let plain = lz4_flex::block::decompress(&lz4.0, size);
                let plain = plain.map_err(|_| Status::InternalServerError)?;
                response.max_chunk_size(plain.len().max(1)).sized_body(plain.len(), Cursor::new(plain))
            }
        }
        .ok()
    }
}

/// Bytes that many answers share.
#[derive(Debug, Clone)]
pub struct Shared(Arc<[u8]>);

impl Shared {
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Whether the asker takes gzip (RFC 9110 §12.5.3).
fn takes_gzip(request: &Request<'_>) -> bool {
    request.headers().get("Accept-Encoding").flat_map(|line| line.split(',')).any(|coding| {
        let (name, rest) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = rest.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// A strong tag of some bytes (RFC 9110 §8.8.3).
pub fn etag(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    format!("\"{}\"", hash.get(..32).unwrap_or(&hash))
}

/// Whether the asker has these very bytes (RFC 9110 §13.1.2).
pub fn matches_tag(request: &Request<'_>, tag: &str) -> bool {
    tag_is_among(request.headers().get("If-None-Match"), tag)
}

/// The same of the lines of that header.
pub fn tag_is_among<'a>(mut lines: impl Iterator<Item = &'a str>, tag: &str) -> bool {
    lines.any(|line| {
        line.split(',').any(|given| {
            let given = given.trim();
            given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag
        })
    })
}
