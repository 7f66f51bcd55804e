-- What was public and is erased, mails that were erased and must not come back by themselves, addresses given up.

CREATE TABLE erased_parts (                       -- what everyone could read before it was erased: its address says so
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  position BIGINT NOT NULL,                       -- of the file; -1 = the text of the message
  class TEXT NOT NULL,                            -- why, in one word: personal_data, court_order, …; public
  erased_at TIMESTAMP NOT NULL,
  UNIQUE (message_id, position)
);

CREATE TABLE erased_mails (                       -- by what an erased mail is known again
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  fingerprint TEXT NOT NULL UNIQUE,               -- keyed hash of its bytes, or of its content key; without the key it tells nothing
  message_id BIGINT REFERENCES messages(id) ON DELETE CASCADE, -- what is left of it; null = nothing here
  erased_at TIMESTAMP NOT NULL
);
CREATE INDEX erased_mails_message ON erased_mails(message_id);

CREATE TABLE erased_again (                       -- an erased mail came again: when and how, nothing of what it is
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  mail_id BIGINT NOT NULL REFERENCES erased_mails(id) ON DELETE CASCADE,
  via TEXT NOT NULL,                              -- pipe, lmtp, smtp, imap, import
  spool_key TEXT NOT NULL UNIQUE,                 -- of the spool entry: the same entry is never counted twice
  came_at TIMESTAMP NOT NULL
);
CREATE INDEX erased_again_mail ON erased_again(mail_id);

CREATE TABLE former_addresses (                   -- reply addresses that were given up: their mail is kept and goes to a person
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  request_id BIGINT NOT NULL REFERENCES requests(id),
  token_hash TEXT NOT NULL UNIQUE,                -- SHA-256 of the token in it
  address TEXT NOT NULL,                          -- private
  given_up_at TIMESTAMP NOT NULL
);
CREATE INDEX former_addresses_request ON former_addresses(request_id);
