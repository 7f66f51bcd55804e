//! The tables as Diesel sees them; the same on SQLite and PostgreSQL (migrations/).

#![expect(missing_docs, reason = "each column is described where it is made: migrations/*/up.sql")]

mod operations;

diesel::table! {
    people (id) {
        id -> BigInt,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        state -> Text,
        created_at -> Timestamp,
        calendar_token_hash -> Nullable<Text>,
        notices -> Bool,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_hash -> Text,
        person_id -> BigInt,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    sign_in_attempts (id) {
        id -> BigInt,
        account_hash -> Text,
        network_hash -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    authorities (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        name_en -> Nullable<Text>,
        language -> Text,
        kind -> Text,
        country -> Text,
        place -> Text,
        subdivision -> Nullable<Text>,
        regime -> Nullable<Text>,
        regime_reason -> Nullable<Text>,
        website -> Nullable<Text>,
        state -> Text,
        source -> Text,
        folded -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    authority_addresses (id) {
        id -> BigInt,
        authority_id -> BigInt,
        purpose -> Text,
        email -> Text,
        state -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    authority_identifiers (id) {
        id -> BigInt,
        authority_id -> BigInt,
        scheme -> Text,
        value -> Text,
    }
}

diesel::table! {
    regimes (id) {
        id -> BigInt,
        regime -> Text,
        version -> Text,
        body -> Text,
        first_used_at -> Timestamp,
    }
}

diesel::table! {
    days_off (id) {
        id -> BigInt,
        place -> Text,
        day -> Date,
        name -> Text,
        source -> Text,
        works -> Bool,
        added_at -> Timestamp,
        person_id -> Nullable<BigInt>,
        withdrawn_at -> Nullable<Timestamp>,
        withdrawn_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    deployments (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        kind -> Text,
        country -> Text,
        place -> Text,
        authority_name -> Text,
        authority_id -> Nullable<BigInt>,
        technology -> Text,
        status -> Text,
        started -> Nullable<Text>,
        ended -> Nullable<Text>,
        as_of -> Text,
        summary -> Text,
        legal_basis -> Nullable<Text>,
        bundles -> Text,
        folded -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    statements (id) {
        id -> BigInt,
        deployment_id -> BigInt,
        position -> BigInt,
        body -> Text,
        source -> Text,
        as_of -> Text,
    }
}

diesel::table! {
    organisations (id) {
        id -> BigInt,
        name -> Text,
        country -> Nullable<Text>,
        roles -> Text,
    }
}

diesel::table! {
    campaigns (id) {
        id -> BigInt,
        slug -> Text,
        title -> Text,
        summary -> Text,
        bundle -> Text,
        state -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    requests (id) {
        id -> BigInt,
        reference -> Text,
        authority_id -> BigInt,
        campaign_id -> Nullable<BigInt>,
        person_id -> BigInt,
        form_key -> Text,
        bundle -> Text,
        language -> Text,
        title -> Text,
        signed_as -> Text,
        regime -> Text,
        regime_version -> Text,
        reply_token_hash -> Text,
        reply_address -> Text,
        status -> Text,
        outcome -> Nullable<Text>,
        filed_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        received_on -> Nullable<Date>,
        first_due_on -> Nullable<Date>,
        due_on -> Nullable<Date>,
        answered_on -> Nullable<Date>,
        overdue_since -> Nullable<Date>,
        withdrawn_reason -> Nullable<Text>,
        silence_refused_on -> Nullable<Date>,
        stage -> Nullable<Text>,
        clocks_seq -> BigInt,
        clocks_on -> Nullable<Date>,
        last_event_at -> Timestamp,
        events_count -> BigInt,
        folded -> Text,
    }
}

diesel::table! {
    request_rights (id) {
        id -> BigInt,
        request_id -> BigInt,
        right_step -> Text,
        right_opens_on -> Nullable<Date>,
        right_last_on -> Nullable<Date>,
    }
}

diesel::table! {
    request_questions (id) {
        id -> BigInt,
        request_id -> BigInt,
        position -> BigInt,
        question_key -> Text,
        body -> Text,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        request_id -> Nullable<BigInt>,
        direction -> Text,
        state -> Text,
        content_key -> Text,
        scope -> Text,
        blob_sha256 -> Text,
        size -> BigInt,
        recipient -> Text,
        received_at -> Timestamp,
        dated_at -> Nullable<Timestamp>,
        from_name -> Nullable<Text>,
        from_address -> Nullable<Text>,
        to_addresses -> Text,
        subject -> Text,
        mail_message_id -> Nullable<Text>,
        automatic -> Text,
        language -> Nullable<Text>,
        kind -> Nullable<Text>,
        confidence -> Nullable<Double>,
        own_text -> Text,
        quoted_text -> Nullable<Text>,
        reading -> Text,
        proposal -> Text,
        held_reason -> Nullable<Text>,
        told -> Bool,
        settled_by -> Nullable<BigInt>,
        settled_at -> Nullable<Timestamp>,
        published_text -> Nullable<Text>,
        published_subject -> Nullable<Text>,
        published_at -> Nullable<Timestamp>,
        evidence -> Nullable<Text>,
    }
}

diesel::table! {
    arrivals (id) {
        id -> BigInt,
        message_id -> BigInt,
        blob_sha256 -> Text,
        recipient -> Text,
        via -> Text,
        spool_key -> Text,
        arrived_at -> Timestamp,
        sender -> Nullable<Text>,
        peer -> Nullable<Text>,
        greeted_as -> Nullable<Text>,
    }
}

diesel::table! {
    attachments (id) {
        id -> BigInt,
        message_id -> BigInt,
        position -> BigInt,
        name -> Text,
        content_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        content -> Nullable<Text>,
        notes -> Text,
        published_name -> Nullable<Text>,
        published_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        request_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        at -> Timestamp,
        person_id -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        body -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    answers (id) {
        id -> BigInt,
        request_id -> BigInt,
        question_key -> Text,
        disposition -> Text,
        value -> Nullable<Text>,
        grounds -> Text,
        message_id -> Nullable<BigInt>,
        passage -> Nullable<Text>,
        certainty -> Text,
        coded_by -> BigInt,
        coded_at -> Timestamp,
        checked_by -> Nullable<BigInt>,
        checked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    audit (id) {
        id -> BigInt,
        at -> Timestamp,
        person_id -> Nullable<BigInt>,
        action -> Text,
        subject -> Text,
        body -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

pub use crate::store::matching::tables::{
    authority_domains, domain_lessons, file_numbers, lessons, rank_again, unmatched_keys,
};
pub use crate::store::schema::operations::{
    authenticity, contact_tasks, digests, erased_again, erased_mails, erased_parts, folds, former_addresses,
    imap_taken, notices, outbox, outbox_attempts, switches, tombstones,
};

diesel::joinable!(sessions -> people (person_id));
diesel::joinable!(authority_addresses -> authorities (authority_id));
diesel::joinable!(authority_identifiers -> authorities (authority_id));
diesel::joinable!(deployments -> authorities (authority_id));
diesel::joinable!(statements -> deployments (deployment_id));
diesel::joinable!(campaigns -> people (created_by));
diesel::joinable!(requests -> authorities (authority_id));
diesel::joinable!(requests -> campaigns (campaign_id));
diesel::joinable!(requests -> people (person_id));
diesel::joinable!(request_rights -> requests (request_id));
diesel::joinable!(request_questions -> requests (request_id));
diesel::joinable!(messages -> requests (request_id));
diesel::joinable!(messages -> people (settled_by));
diesel::joinable!(arrivals -> messages (message_id));
diesel::joinable!(attachments -> messages (message_id));
diesel::joinable!(events -> requests (request_id));
diesel::joinable!(events -> people (person_id));
diesel::joinable!(events -> messages (message_id));
diesel::joinable!(outbox -> requests (request_id));
diesel::joinable!(outbox_attempts -> outbox (outbox_id));
diesel::joinable!(answers -> requests (request_id));
diesel::joinable!(answers -> messages (message_id));
diesel::joinable!(audit -> people (person_id));
diesel::joinable!(authenticity -> messages (message_id));
diesel::joinable!(contact_tasks -> authorities (authority_id));
diesel::joinable!(contact_tasks -> outbox (outbox_id));
diesel::joinable!(notices -> people (person_id));
diesel::joinable!(notices -> requests (request_id));
diesel::joinable!(folds -> messages (message_id));
diesel::joinable!(former_addresses -> requests (request_id));
diesel::joinable!(erased_parts -> messages (message_id));
diesel::joinable!(erased_again -> erased_mails (mail_id));

diesel::allow_tables_to_appear_in_same_query! {
    answers, arrivals, attachments, audit, authenticity, authorities, authority_addresses, authority_domains,
    authority_identifiers, campaigns, contact_tasks, days_off, deployments, digests, domain_lessons, erased_again, erased_mails, erased_parts, events,
    file_numbers, folds, former_addresses, imap_taken, lessons, messages, notices, organisations, outbox, outbox_attempts, people, rank_again,
    regimes, request_questions, request_rights, requests, sessions, sign_in_attempts, statements, switches, tombstones,
    unmatched_keys,
}
