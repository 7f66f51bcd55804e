CREATE TABLE lessons (                        -- what was learnt, as keys of unmatched mail; the mail with them is marked when it is committed
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  key TEXT NOT NULL,                          -- as in unmatched_keys
  turn BIGINT                                 -- null = mail is not marked yet; the one that has it tells how often mail was marked, and has no key
);
CREATE INDEX lessons_turn ON lessons(turn);

-- Marks are added and deleted, never changed: so nobody who learns waits for one.
CREATE TABLE marked AS SELECT message_id FROM rank_again ORDER BY id;
DROP TABLE rank_again;
CREATE TABLE rank_again (                     -- marks on unmatched mail that is to be ranked again
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  turn BIGINT NOT NULL                        -- of the lessons that its ranking knew; what was learnt since ranks it again; -1 = rank it in any case
);
CREATE INDEX rank_again_message ON rank_again(message_id);
INSERT INTO rank_again (message_id, turn) SELECT message_id, -1 FROM marked;
DROP TABLE marked;
