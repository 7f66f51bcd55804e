-- What a message taught goes with it, and mail that matches no request is found again by what may say whose it is.

CREATE TABLE domain_lessons (                 -- which messages show that an authority writes from a host: it counts while one stands
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  domain_id BIGINT NOT NULL REFERENCES authority_domains(id) ON DELETE CASCADE,
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  UNIQUE (domain_id, message_id)
);
CREATE INDEX domain_lessons_message ON domain_lessons(message_id);

-- The messages that people settled may have taught what is known; what none of them taught counts no more, because
-- nobody could ever take it back. The next reply from there teaches it again.
INSERT INTO domain_lessons (domain_id, message_id)
  SELECT d.id, m.id
    FROM authority_domains d
    JOIN requests r ON r.authority_id = d.authority_id
    JOIN messages m ON m.request_id = r.id
   WHERE d.source = 'reply' AND m.state = 'settled' AND m.kind NOT IN ('bounce', 'automatic', 'other')
     AND substr(lower(m.from_address), -length(d.host) - 1) = '@' || d.host;
DELETE FROM authority_domains
 WHERE source = 'reply' AND id NOT IN (SELECT domain_id FROM domain_lessons);
-- What was learnt of a message that is nobody's or was filed elsewhere since.
DELETE FROM file_numbers
 WHERE EXISTS (SELECT 1 FROM messages m WHERE m.id = file_numbers.message_id
                AND (m.state = 'set_aside' OR m.request_id IS NULL OR m.request_id <> file_numbers.request_id));

CREATE TABLE unmatched_keys (                 -- by what a mail that matches no request is found again
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  key TEXT NOT NULL,                          -- number:…, letter:…, reference:…, domain:…, host:…, mailbox:…; private
  UNIQUE (message_id, key)
);
CREATE INDEX unmatched_keys_key ON unmatched_keys(key, message_id);

CREATE TABLE rank_again (                     -- unmatched mail of which something was learnt: the reader ranks it again
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL UNIQUE REFERENCES messages(id) ON DELETE CASCADE,
  times BIGINT NOT NULL                       -- how often it was touched; what is touched meanwhile stays
);
-- What waits since before has no keys yet; the reader makes them.
INSERT INTO rank_again (message_id, times) SELECT id, 1 FROM messages
 WHERE request_id IS NULL AND state IN ('unmatched', 'set_aside') ORDER BY id;

-- What the queue shows of a message stands in columns: its reading holds the text of all its files.
ALTER TABLE messages ADD COLUMN evidence TEXT;   -- the first passage that shows its kind; null = not kept, see its reading
-- To count and order a pile without its texts.
CREATE INDEX messages_pile ON messages(direction, state, received_at, kind, language, request_id);

CREATE TABLE scans (                           -- mails whose pictures of text are still to be recognised
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  blob_sha256 TEXT NOT NULL UNIQUE,           -- raw bytes; several messages may be this mail
  not_before TIMESTAMP NOT NULL               -- until then somebody is at it, or it waits for a better time
);
CREATE INDEX messages_blob ON messages(blob_sha256);
-- What people settled last is what the reader learns from.
CREATE INDEX messages_settled ON messages(settled_at, id);
