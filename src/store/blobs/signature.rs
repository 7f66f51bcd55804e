//! Signatures of requests to an S3-compatible store: AWS Signature Version 4 in headers, the body's hash among them.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Who asks, and where.
#[derive(Clone)]
pub(super) struct Signer {
    /// The name of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: Vec<u8>,
    /// The region.
    pub region: String,
}

/// What is signed of a request.
pub(super) struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// Host, and port where it is not the usual one, as the header has it.
    pub host: &'a str,
    /// The path; only characters that need no coding.
    pub path: &'a str,
    /// The query, coded and sorted by `query`.
    pub query: &'a str,
    /// SHA-256 of the body, hex.
    pub body: &'a str,
}

/// The three headers that a signed request carries.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headers {
    /// `Authorization`.
    pub authorization: String,
    /// `x-amz-date`.
    pub date: String,
}

/// Signs a request at an instant.
pub(super) fn sign(signer: &Signer, asked: &Asked<'_>, at: DateTime<Utc>) -> Headers {
    let date = at.format("%Y%m%dT%H%M%SZ").to_string();
    let day = at.format("%Y%m%d").to_string();
    let Asked { method, host, path, query, body } = asked;
    let names = "host;x-amz-content-sha256;x-amz-date";
    let canonical = format!(
        "{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{body}\nx-amz-date:{date}\n\n{names}\n{body}"
    );
    let scope = format!("{day}/{}/s3/aws4_request", signer.region);
    let hashed = data_encoding::HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}");
    let mut key = [b"AWS4".as_slice(), &signer.secret_key].concat();
    for part in [day.as_str(), &signer.region, "s3", "aws4_request", &text] {
        key = keyed(&key, part.as_bytes());
    }
    let signature = data_encoding::HEXLOWER.encode(&key);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        signer.access_key
    );
    Headers { authorization, date }
}

/// A query as it is sent and signed: sorted by name, everything coded but letters, digits and `-._~`.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut coded: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", coded(name), coded(value))).collect();
    coded.sort();
    coded.join("&")
}

fn coded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn keyed(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length is taken (RFC 2104 §2).
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signatures that botocore 1.x made of the same requests at the same instant.
    #[test]
    fn requests_are_signed_as_another_implementation_signs_them() {
        let signer = Signer {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec(),
            region: "eu-central-1".to_owned(),
        };
        let at = "2026-11-22T23:04:05Z".parse().unwrap();
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let query = query(&[
            ("list-type", "2"),
            ("max-keys", "1000"),
            ("prefix", "askance/"),
            ("continuation-token", "a+b/=="),
        ]);
        let put = Asked {
            method: "PUT",
            host: "s3.example:9000",
            path: "/mail/askance/ab/abcdef",
            query: "",
            body: "6b973d266dfceb93f1bb5a687231cd027c27e5099a799b4a3e666a4ae6773b04",
        };
        let list = Asked { method: "GET", host: "s3.example", path: "/mail", query: &query, body: nothing };
        for (asked, signature) in [
            (put, "071bb2877ad760051cb01721c43f5cd0bb1facdf3dcfb84dc5fb052da803c5a8"),
            (list, "edc404a20d1bbe0494226b2e6c2ee6c55fcd14165f30fc5c9ea0b3235f20cfee"),
        ] {
            let authorization = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-central-1/s3/aws4_request, \
                 SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
            );
            let date = "20261122T230405Z".to_owned();
            assert_eq!(sign(&signer, &asked, at), Headers { authorization, date });
        }
    }
}
