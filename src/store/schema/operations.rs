//! The tables of letters on their way and of what it takes to run a service that can be trusted.

diesel::table! {
    outbox (id) {
        id -> BigInt,
        request_id -> BigInt,
        letter -> Text,
        mail_message_id -> Text,
        blob_sha256 -> Text,
        subject -> Text,
        body -> Text,
        envelope_from -> Text,
        envelope_to -> Text,
        state -> Text,
        attempts -> BigInt,
        leave_after -> Timestamp,
        next_attempt_at -> Timestamp,
        first_tried_at -> Nullable<Timestamp>,
        claimed_by -> Nullable<Text>,
        lease_until -> Nullable<Timestamp>,
        in_doubt_at -> Nullable<Timestamp>,
        accepted_at -> Nullable<Timestamp>,
        server_reply -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
        domain -> Text,
        delivery -> Nullable<Text>,
        delivery_at -> Nullable<Timestamp>,
        repeats -> BigInt,
    }
}

diesel::table! {
    outbox_attempts (id) {
        id -> BigInt,
        outbox_id -> BigInt,
        started_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        result -> Nullable<Text>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    switches (id) {
        id -> BigInt,
        name -> Text,
        reason -> Text,
        person_id -> Nullable<BigInt>,
        since -> Timestamp,
    }
}

diesel::table! {
    contact_tasks (id) {
        id -> BigInt,
        authority_id -> BigInt,
        address -> Text,
        cause -> Text,
        outbox_id -> Nullable<BigInt>,
        opened_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        closed_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    notices (id) {
        id -> BigInt,
        notice_key -> Text,
        person_id -> Nullable<BigInt>,
        request_id -> Nullable<BigInt>,
        subject -> Text,
        body -> Text,
        state -> Text,
        attempts -> BigInt,
        next_attempt_at -> Timestamp,
        created_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    authenticity (id) {
        id -> BigInt,
        message_id -> BigInt,
        verdict -> Text,
        domain -> Nullable<Text>,
        reason -> Text,
        checks -> Text,
        checked_at -> Timestamp,
        again_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    imap_taken (id) {
        id -> BigInt,
        mailbox -> Text,
        uid_validity -> BigInt,
        uid -> BigInt,
        blob_sha256 -> Text,
        taken_at -> Timestamp,
    }
}

diesel::table! {
    tombstones (id) {
        id -> BigInt,
        mark -> Text,
        kind -> Text,
        subject -> Text,
        body -> Text,
        reason -> Text,
        person_id -> Nullable<BigInt>,
        erased_at -> Timestamp,
    }
}

diesel::table! {
    digests (id) {
        id -> BigInt,
        day -> Date,
        events -> BigInt,
        events_hash -> Text,
        entries -> BigInt,
        audit_hash -> Text,
        hash -> Text,
        made_at -> Timestamp,
    }
}

diesel::table! {
    folds (id) {
        id -> BigInt,
        message_id -> BigInt,
        head_id -> BigInt,
        fold_key -> Nullable<Text>,
        at -> Timestamp,
    }
}

diesel::table! {
    erased_parts (id) {
        id -> BigInt,
        message_id -> BigInt,
        position -> BigInt,
        class -> Text,
        erased_at -> Timestamp,
    }
}

diesel::table! {
    erased_mails (id) {
        id -> BigInt,
        fingerprint -> Text,
        message_id -> Nullable<BigInt>,
        erased_at -> Timestamp,
    }
}

diesel::table! {
    erased_again (id) {
        id -> BigInt,
        mail_id -> BigInt,
        via -> Text,
        spool_key -> Text,
        came_at -> Timestamp,
    }
}

diesel::table! {
    former_addresses (id) {
        id -> BigInt,
        request_id -> BigInt,
        token_hash -> Text,
        address -> Text,
        given_up_at -> Timestamp,
    }
}
