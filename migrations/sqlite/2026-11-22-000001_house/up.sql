-- The first schema. Times are UTC with microseconds; dates are those of the law; JSON is text.
-- migrations/postgres holds the same tables under the same names; tests/servers/schemas.rs compares the two.

CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  email TEXT NOT NULL UNIQUE,                 -- sign-in name, lower case; never public
  name TEXT NOT NULL,                         -- shown at the desk, signs letters
  role TEXT NOT NULL,                         -- activist, volunteer, publisher, admin
  password_hash TEXT NOT NULL,                -- Argon2id, PHC string; empty = cannot sign in
  state TEXT NOT NULL,                        -- active, suspended
  created_at TIMESTAMP NOT NULL,
  calendar_token_hash TEXT UNIQUE             -- SHA-256 of the secret in the address of their calendar feed, hex
);

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,            -- SHA-256 of the cookie, hex; the cookie itself is never stored
  person_id BIGINT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
  created_at TIMESTAMP NOT NULL,
  seen_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_person ON sessions(person_id);

CREATE TABLE sign_in_attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  account_hash TEXT NOT NULL,                 -- SHA-256 of the e-mail tried; known and unknown accounts alike
  network_hash TEXT NOT NULL,                 -- keyed hash of the network address; the address itself is never stored
  at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_attempts_account ON sign_in_attempts(account_hash, at);
CREATE INDEX sign_in_attempts_network ON sign_in_attempts(network_hash, at);

CREATE TABLE authorities (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  slug TEXT NOT NULL UNIQUE,                  -- address of the public page; never reused
  name TEXT NOT NULL,                         -- in its own language and script
  name_en TEXT,                               -- English name, where one is used
  language TEXT NOT NULL,                     -- BCP 47 of the name and of letters to it
  kind TEXT NOT NULL,                         -- police, municipality, ministry, transport, school, border, eu_agency, regulator, private, other
  country TEXT NOT NULL,                      -- ISO 3166-1 alpha-2, EU for the Union
  place TEXT NOT NULL,                        -- town or area in words
  subdivision TEXT,                           -- ISO 3166-2, whose body it is; the country's code = of the whole state; null = nobody told
  regime TEXT,                                -- id of the access law it answers under; null = nobody has said yet
  regime_reason TEXT,                         -- why a person or a table chose otherwise than the rules; null = as they choose
  website TEXT,
  state TEXT NOT NULL,                        -- ready, needs_address, defunct
  source TEXT NOT NULL,                       -- where the entry comes from
  folded TEXT NOT NULL,                       -- name and place, lower case without marks, for search
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX authorities_country ON authorities(country, kind);

CREATE TABLE authority_addresses (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  authority_id BIGINT NOT NULL REFERENCES authorities(id) ON DELETE CASCADE,
  purpose TEXT NOT NULL,                      -- requests, data_protection, general
  email TEXT NOT NULL,
  state TEXT NOT NULL,                        -- in_use, bounced, retired
  since TIMESTAMP NOT NULL,
  UNIQUE (authority_id, purpose, email)
);

CREATE TABLE authority_domains (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  authority_id BIGINT NOT NULL REFERENCES authorities(id) ON DELETE CASCADE,
  host TEXT NOT NULL,                         -- from which the authority is known to write, lower case
  registrable TEXT NOT NULL,                  -- the domain of the public-suffix list above it
  source TEXT NOT NULL,                       -- register, reply
  since TIMESTAMP NOT NULL,
  UNIQUE (authority_id, host, source)
);
CREATE INDEX authority_domains_host ON authority_domains(host);
CREATE INDEX authority_domains_registrable ON authority_domains(registrable);

CREATE TABLE authority_identifiers (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  authority_id BIGINT NOT NULL REFERENCES authorities(id) ON DELETE CASCADE,
  scheme TEXT NOT NULL,                       -- wikidata, wdtk, fragdenstaat, … name one body; lau, nuts, … its place
  value TEXT NOT NULL,
  UNIQUE (authority_id, scheme, value)
);
CREATE INDEX authority_identifiers_value ON authority_identifiers(scheme, value);
-- A place has several bodies; any other identifier has one. The same words as PLACE_SCHEMES, held by a test.
CREATE UNIQUE INDEX authority_identifiers_one_body ON authority_identifiers(scheme, value)
  WHERE scheme NOT IN ('lau','nuts','ags','ars','insee','istat','gss','ine','unlocode','iso_3166','geonames');

CREATE TABLE regimes (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  regime TEXT NOT NULL,                       -- id of the law
  version TEXT NOT NULL,                      -- version of its rules that a request was filed under
  body TEXT NOT NULL,                         -- the rules as they stood, JSON: a later change of the data moves no old deadline
  first_used_at TIMESTAMP NOT NULL,
  UNIQUE (regime, version)
);

CREATE TABLE days_off (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  place TEXT NOT NULL,                        -- calendar: SK, GB-SCT, GB-ANY-PART; a country's day holds in its parts
  day DATE NOT NULL,
  name TEXT NOT NULL,                         -- public, as: day of mourning
  source TEXT NOT NULL,                       -- who says so: a link, or an act; public
  works BOOLEAN NOT NULL,                     -- true = a holiday of the place is a working day this once
  added_at TIMESTAMP NOT NULL,
  person_id BIGINT REFERENCES people(id),     -- null = from the console
  withdrawn_at TIMESTAMP,                     -- rows are never deleted: due days were counted by them
  withdrawn_by BIGINT REFERENCES people(id)
);
-- One word on a place and a day at a time.
CREATE UNIQUE INDEX days_off_in_force ON days_off(place, day) WHERE withdrawn_at IS NULL;

CREATE TABLE deployments (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,                         -- deployment, trial, plan, research_project, …
  country TEXT NOT NULL,                      -- ISO codes joined by a blank
  place TEXT NOT NULL,
  authority_name TEXT NOT NULL,               -- as the source names it
  authority_id BIGINT REFERENCES authorities(id),
  technology TEXT NOT NULL,
  status TEXT NOT NULL,                       -- planned, trial, in_use, contested, suspended, stopped, ended, refused
  started TEXT,                               -- as precise as the source: YYYY, YYYY-MM, YYYY-MM-DD or words
  ended TEXT,
  as_of TEXT NOT NULL,                        -- when the source said so
  summary TEXT NOT NULL,
  legal_basis TEXT,
  bundles TEXT NOT NULL,                      -- JSON list of bundle keys that fit
  folded TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL
);

CREATE TABLE statements (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  deployment_id BIGINT NOT NULL REFERENCES deployments(id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  body TEXT NOT NULL,                         -- what is said
  source TEXT NOT NULL,                       -- who says so: a link, or a document's name
  as_of TEXT NOT NULL,
  UNIQUE (deployment_id, position)
);

CREATE TABLE organisations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  country TEXT,                               -- null where no source states it
  roles TEXT NOT NULL                         -- JSON list of {role, source}
);

CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  bundle TEXT NOT NULL,
  state TEXT NOT NULL,                        -- running, closed
  created_by BIGINT REFERENCES people(id),
  created_at TIMESTAMP NOT NULL
);

CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  reference TEXT NOT NULL UNIQUE,             -- public, as 2026-0417
  authority_id BIGINT NOT NULL REFERENCES authorities(id),
  campaign_id BIGINT REFERENCES campaigns(id),
  person_id BIGINT NOT NULL REFERENCES people(id),
  form_key TEXT NOT NULL UNIQUE,              -- of the form that filed it: a second press files nothing
  bundle TEXT NOT NULL,
  language TEXT NOT NULL,                     -- of the letter
  title TEXT NOT NULL,                        -- of the bundle, in English, for lists
  signed_as TEXT NOT NULL,                    -- the name under the letter
  regime TEXT NOT NULL,
  regime_version TEXT NOT NULL,
  reply_token_hash TEXT NOT NULL UNIQUE,      -- SHA-256 of the token in the reply address
  reply_address TEXT NOT NULL,                -- private: a bearer secret
  status TEXT NOT NULL,                       -- cache of the fold, as are the columns below
  outcome TEXT,
  filed_at TIMESTAMP NOT NULL,
  sent_at TIMESTAMP,                          -- the authority's mail server took it
  received_on DATE,                           -- day 0 of the clock, in the zone of the law
  first_due_on DATE,                          -- before any extension
  due_on DATE,                                -- in force now; null where the law gives no figure
  answered_on DATE,
  overdue_since DATE,                         -- the due day that passed without an answer; kept when the answer comes
  withdrawn_reason TEXT,
  silence_refused_on DATE,                    -- the last day, where the law makes a refusal of silence
  stage TEXT,                                 -- the remedy that was used last and is not decided: review, complaint, …
  clocks_seq BIGINT NOT NULL DEFAULT 0,       -- events_count when the clocks were last looked at; other = look again
  clocks_on DATE,                             -- the day on which the law may add something: look again
  last_event_at TIMESTAMP NOT NULL,
  events_count BIGINT NOT NULL,
  folded TEXT NOT NULL
);
CREATE INDEX requests_authority ON requests(authority_id, last_event_at);
CREATE INDEX requests_status ON requests(status, due_on);
CREATE INDEX requests_clocks ON requests(clocks_on);
CREATE INDEX requests_latest ON requests(last_event_at);

CREATE TABLE request_rights (                  -- cache: of each request the right that lapses next, or else opens next
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL UNIQUE REFERENCES requests(id),
  right_step TEXT NOT NULL,                   -- review, complaint, court, …
  right_opens_on DATE,                        -- its first day; earlier is too early
  right_last_on DATE                          -- its last day; null where none is known
);
CREATE INDEX request_rights_last ON request_rights(right_last_on);

CREATE TABLE request_questions (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL REFERENCES requests(id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  question_key TEXT NOT NULL,
  body TEXT NOT NULL,                         -- as asked, in the language of the letter
  UNIQUE (request_id, position)
);

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT REFERENCES requests(id),  -- null = matches no request, waits in "unmatched"
  direction TEXT NOT NULL,                    -- in, out
  state TEXT NOT NULL,                        -- received, read, held, settled, unmatched, unreadable, set_aside; of the message, never of the request
  content_key TEXT NOT NULL,                  -- SHA-256 over what makes two mails the same one (reliability §4)
  scope TEXT NOT NULL,                        -- the request or recipient within which content_key is unique
  blob_sha256 TEXT NOT NULL,                  -- raw bytes
  size BIGINT NOT NULL,                       -- bytes
  recipient TEXT NOT NULL,                    -- envelope recipient; private
  received_at TIMESTAMP NOT NULL,             -- our clock when it was safe
  dated_at TIMESTAMP,                         -- what its Date header claims
  from_name TEXT,
  from_address TEXT,
  to_addresses TEXT NOT NULL,                 -- JSON; private
  subject TEXT NOT NULL,
  mail_message_id TEXT,
  automatic TEXT NOT NULL,                    -- none, auto_reply, bounce, receipt, list
  language TEXT,
  kind TEXT,                                  -- as proposed, then as settled
  confidence DOUBLE PRECISION,                -- 0…1
  own_text TEXT NOT NULL,
  quoted_text TEXT,
  reading TEXT NOT NULL,                      -- JSON: what the reader understood, with passages
  proposal TEXT NOT NULL,                     -- JSON: matches with reasons, what to record or why to ask
  held_reason TEXT,                           -- in plain words, why a person is asked
  told BOOLEAN NOT NULL,                      -- whether the public page may say that it came, before a person looked at it
  settled_by BIGINT REFERENCES people(id),
  settled_at TIMESTAMP,
  published_text TEXT,                        -- redacted when settled; null = nothing is public
  published_subject TEXT,
  published_at TIMESTAMP,
  UNIQUE (scope, content_key)
);
CREATE INDEX messages_request ON messages(request_id, received_at);
CREATE INDEX messages_state ON messages(state, received_at);
CREATE INDEX messages_mail_id ON messages(mail_message_id);

CREATE TABLE file_numbers (                    -- what the authority calls a request; counts while its message is filed there
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL REFERENCES requests(id),
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  folded TEXT NOT NULL,                       -- letters and digits alone
  written TEXT NOT NULL,
  UNIQUE (message_id, folded)
);
CREATE INDEX file_numbers_folded ON file_numbers(folded);
CREATE INDEX file_numbers_request ON file_numbers(request_id);

CREATE TABLE arrivals (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  blob_sha256 TEXT NOT NULL,
  recipient TEXT NOT NULL,
  via TEXT NOT NULL,                          -- pipe, lmtp, api, import
  spool_key TEXT NOT NULL UNIQUE,             -- of the spool entry: the same entry is never counted twice
  arrived_at TIMESTAMP NOT NULL
);
CREATE INDEX arrivals_message ON arrivals(message_id);
CREATE INDEX arrivals_blob ON arrivals(blob_sha256);

CREATE TABLE attachments (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  content TEXT,                               -- its text, where it could be read
  notes TEXT NOT NULL,                        -- JSON list
  published_name TEXT,                        -- its name as redacted; null = it is not public
  published_at TIMESTAMP,
  UNIQUE (message_id, position)
);

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL REFERENCES requests(id),
  seq BIGINT NOT NULL,                        -- 1, 2, 3 … within the request
  kind TEXT NOT NULL,
  at TIMESTAMP NOT NULL,
  person_id BIGINT REFERENCES people(id),     -- null = the service itself
  message_id BIGINT REFERENCES messages(id),  -- the message that proves it
  body TEXT NOT NULL,                         -- the event, JSON
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,                  -- SHA-256 over previous_hash, request, seq, at, person, body
  UNIQUE (request_id, seq)
);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL REFERENCES requests(id),
  letter TEXT NOT NULL,                       -- request, reminder, …: one of each for a request
  mail_message_id TEXT NOT NULL UNIQUE,       -- made when queued, so that a repeat is the same letter
  blob_sha256 TEXT NOT NULL,                  -- final bytes
  subject TEXT NOT NULL,
  body TEXT NOT NULL,                         -- plain text as sent
  envelope_from TEXT NOT NULL,
  envelope_to TEXT NOT NULL,
  state TEXT NOT NULL,                        -- queued, claimed, in_doubt, accepted, deferred, refused, unknown, taken_back
  attempts BIGINT NOT NULL,
  leave_after TIMESTAMP NOT NULL,             -- until then it can be taken back
  next_attempt_at TIMESTAMP NOT NULL,
  first_tried_at TIMESTAMP,                   -- first attempt since it was last queued: five days count from here
  claimed_by TEXT,
  lease_until TIMESTAMP,
  in_doubt_at TIMESTAMP,                      -- committed between 354 and the body
  accepted_at TIMESTAMP,
  server_reply TEXT,                          -- the line that took or refused it: proof of dispatch
  last_error TEXT,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (request_id, letter)
);
CREATE INDEX outbox_due ON outbox(state, next_attempt_at);

CREATE TABLE outbox_attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  outbox_id BIGINT NOT NULL REFERENCES outbox(id),
  started_at TIMESTAMP NOT NULL,              -- committed before the connection
  ended_at TIMESTAMP,
  result TEXT,                                -- accepted, deferred, refused, unknown
  detail TEXT
);
CREATE INDEX outbox_attempts_outbox ON outbox_attempts(outbox_id);

CREATE TABLE answers (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL REFERENCES requests(id),
  question_key TEXT NOT NULL,
  disposition TEXT NOT NULL,                  -- of questions.toml
  value TEXT,                                 -- JSON in the shape of the answer type
  grounds TEXT NOT NULL,                      -- JSON list of {cite, category}
  message_id BIGINT REFERENCES messages(id),
  passage TEXT,
  certainty TEXT NOT NULL,                    -- documented, stated, inferred
  coded_by BIGINT NOT NULL REFERENCES people(id),
  coded_at TIMESTAMP NOT NULL,
  checked_by BIGINT REFERENCES people(id),
  checked_at TIMESTAMP,
  UNIQUE (request_id, question_key, coded_by)
);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  at TIMESTAMP NOT NULL,
  person_id BIGINT REFERENCES people(id),
  action TEXT NOT NULL,
  subject TEXT NOT NULL,                      -- what it was done to, as request:2026-0417; no personal data
  body TEXT NOT NULL,                         -- JSON; no bodies, addresses or tokens
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE
);
