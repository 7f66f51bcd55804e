//! The tables of matching, as migrations make them.

#![expect(missing_docs, reason = "each column is described where it is made: migrations/*/up.sql")]

diesel::table! {
    authority_domains (id) {
        id -> BigInt,
        authority_id -> BigInt,
        host -> Text,
        registrable -> Text,
        source -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    file_numbers (id) {
        id -> BigInt,
        request_id -> BigInt,
        message_id -> BigInt,
        folded -> Text,
        written -> Text,
    }
}

diesel::table! {
    domain_lessons (id) {
        id -> BigInt,
        domain_id -> BigInt,
        message_id -> BigInt,
    }
}

diesel::table! {
    unmatched_keys (id) {
        id -> BigInt,
        message_id -> BigInt,
        key -> Text,
    }
}

diesel::table! {
    rank_again (id) {
        id -> BigInt,
        message_id -> BigInt,
        times -> BigInt,
    }
}
