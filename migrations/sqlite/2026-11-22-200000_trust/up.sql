-- What it takes to trust the house: envelopes, who wrote, reports of delivery, switches, tasks, tombstones, digests.

ALTER TABLE arrivals ADD COLUMN sender TEXT;      -- envelope sender; empty = the null sender, null = not known; private
ALTER TABLE arrivals ADD COLUMN peer TEXT;        -- network address that handed it over; kept for seven days at most
ALTER TABLE arrivals ADD COLUMN greeted_as TEXT;  -- the name that the peer gave itself; kept as long

CREATE TABLE authenticity (                       -- who wrote a message, as checked by us
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL UNIQUE REFERENCES messages(id) ON DELETE CASCADE,
  verdict TEXT NOT NULL,                          -- verified, unverified, forged, unknown
  domain TEXT,                                    -- the domain that is proved, or that was claimed in vain
  reason TEXT NOT NULL,                           -- one sentence for people
  checks TEXT NOT NULL,                           -- JSON: what each check said
  checked_at TIMESTAMP NOT NULL,
  again_at TIMESTAMP                              -- the names could not be looked up: check again then
);
CREATE INDEX authenticity_again ON authenticity(again_at);

CREATE TABLE imap_taken (                         -- mails of a mailbox that are safe here
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  mailbox TEXT NOT NULL,                          -- host, user and folder; no password
  uid_validity BIGINT NOT NULL,
  uid BIGINT NOT NULL,
  blob_sha256 TEXT NOT NULL,
  taken_at TIMESTAMP NOT NULL,
  UNIQUE (mailbox, uid_validity, uid)
);

ALTER TABLE outbox ADD COLUMN domain TEXT NOT NULL DEFAULT '';    -- of envelope_to, lower case: rates count by it
ALTER TABLE outbox ADD COLUMN delivery TEXT;                      -- what a delivery report said: delivered, relayed, delayed, failed
ALTER TABLE outbox ADD COLUMN delivery_at TIMESTAMP;
ALTER TABLE outbox ADD COLUMN repeats BIGINT NOT NULL DEFAULT 0;  -- how often it was repeated by itself after `unknown`: 0 or 1
-- Letters of before, by the part behind the last @.
UPDATE outbox SET domain = lower(replace(envelope_to, rtrim(envelope_to, replace(envelope_to, '@', '')), ''));
CREATE INDEX outbox_domain ON outbox(domain, accepted_at);
CREATE INDEX outbox_attempts_started ON outbox_attempts(started_at);  -- rates and bounce spikes look at the last hour
CREATE INDEX outbox_attempts_ended ON outbox_attempts(ended_at);

CREATE TABLE switches (                           -- what a person, or a rule, has switched: a row = it is on
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL UNIQUE,                      -- outbox_paused
  reason TEXT NOT NULL,
  person_id BIGINT REFERENCES people(id),         -- null = the service itself
  since TIMESTAMP NOT NULL
);

CREATE TABLE contact_tasks (                      -- an address does not work: somebody must find another
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  authority_id BIGINT NOT NULL REFERENCES authorities(id),
  address TEXT NOT NULL,
  cause TEXT NOT NULL,                            -- in plain words
  outbox_id BIGINT REFERENCES outbox(id),         -- the letter that showed it
  opened_at TIMESTAMP NOT NULL,
  closed_at TIMESTAMP,
  closed_by BIGINT REFERENCES people(id)
);
CREATE UNIQUE INDEX contact_tasks_open ON contact_tasks(authority_id, address) WHERE closed_at IS NULL;

CREATE TABLE notices (                            -- mail to our own people: sent at least once
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  notice_key TEXT NOT NULL UNIQUE,                -- what it is about: the same thing is told once
  person_id BIGINT REFERENCES people(id),         -- null = the administrator of the settings
  request_id BIGINT REFERENCES requests(id),      -- told in one mail with all else of it; null = of the service
  subject TEXT NOT NULL,
  body TEXT NOT NULL,                             -- no text of a mail, no address
  state TEXT NOT NULL,                            -- queued, sent, given_up
  attempts BIGINT NOT NULL,
  next_attempt_at TIMESTAMP NOT NULL,
  created_at TIMESTAMP NOT NULL,
  sent_at TIMESTAMP
);
CREATE INDEX notices_due ON notices(state, next_attempt_at);
CREATE INDEX notices_whom ON notices(person_id, request_id, sent_at);
ALTER TABLE people ADD COLUMN notices BOOLEAN NOT NULL DEFAULT TRUE; -- whether they want them
-- What is to be told is found by what happened lately.
CREATE INDEX events_kind ON events(kind, at);

-- Requests take turns when mail is read.
CREATE INDEX requests_reply_address ON requests(reply_address);

CREATE TABLE folds (                              -- automatic mails that say the same: one stands for them in lists
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL UNIQUE REFERENCES messages(id) ON DELETE CASCADE,
  head_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE, -- the one that is listed
  fold_key TEXT,                                  -- of the one that is listed: what is alike; null = folded into it
  at TIMESTAMP NOT NULL                           -- when it came
);
CREATE INDEX folds_head ON folds(head_id, message_id);
CREATE INDEX folds_key ON folds(fold_key, at);

CREATE TABLE tombstones (                         -- what was erased, so that no restored backup brings it back
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  mark TEXT NOT NULL UNIQUE,                      -- random; the same in the file beside the blobs
  kind TEXT NOT NULL,                             -- person, message, attachment
  subject TEXT NOT NULL,                          -- what it was, as message:12; no personal data
  body TEXT NOT NULL,                             -- JSON: hashes and keys by which it is known again
  reason TEXT NOT NULL,
  person_id BIGINT REFERENCES people(id),         -- who did it; null = from the console
  erased_at TIMESTAMP NOT NULL
);

CREATE TABLE digests (                            -- where both chains stood at the end of a day; public
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  day DATE NOT NULL UNIQUE,
  events BIGINT NOT NULL,
  events_hash TEXT NOT NULL,                      -- over the last hash of each request, in order
  entries BIGINT NOT NULL,
  audit_hash TEXT NOT NULL,                       -- of the last entry of the audit log
  hash TEXT NOT NULL,                             -- over all of this and the digest before
  made_at TIMESTAMP NOT NULL
);
