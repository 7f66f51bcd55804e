//! The tables beside messages, as migrations make them; each column is described there.

diesel::table! {
    scans (id) {
        id -> BigInt,
        blob_sha256 -> Text,
        not_before -> Timestamp,
    }
}
