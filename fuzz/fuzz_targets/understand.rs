//! Any bytes are read as a mail: nothing panics, the sum is right, each listed file is handed over.
#![no_main]

use askance::data::phrasebook::phrasebook;
use askance::domain::incoming::documents::Supplied;
use askance::domain::incoming::{Knowledge, understand_with_files};
use askance::store::blobs::sha256;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static KNOWLEDGE: LazyLock<Knowledge> =
    LazyLock::new(|| Knowledge { phrasebook: phrasebook().expect("the shipped phrases are right") });

fuzz_target!(|raw: &[u8]| {
    let (mail, files) = understand_with_files(raw, &KNOWLEDGE, &Supplied::new());
    assert_eq!(mail.sha256, sha256(raw));
    assert_eq!(mail.attachments.len(), files.len());
    for (listed, bytes) in mail.attachments.iter().zip(&files) {
        assert_eq!(listed.sha256, sha256(bytes));
    }
});
