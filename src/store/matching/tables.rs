//! The tables of matching, as migrations make them.

#![expect(missing_docs, reason = "each column is described where it is made: migrations/*/up.sql")]

use crate::store::schema::{authorities, messages};

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
        turn -> BigInt,
    }
}

diesel::table! {
    lessons (id) {
        id -> BigInt,
        key -> Text,
        turn -> Nullable<BigInt>,
    }
}

diesel::joinable!(authority_domains -> authorities (authority_id));
diesel::joinable!(file_numbers -> messages (message_id));
diesel::joinable!(domain_lessons -> authority_domains (domain_id));
diesel::joinable!(domain_lessons -> messages (message_id));
diesel::joinable!(unmatched_keys -> messages (message_id));
diesel::joinable!(rank_again -> messages (message_id));
