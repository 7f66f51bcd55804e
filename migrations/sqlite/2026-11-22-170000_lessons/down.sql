-- What was learnt and marked no mail yet marks all that waits.
CREATE TABLE marked AS SELECT DISTINCT message_id FROM rank_again
 UNION SELECT id FROM messages
 WHERE request_id IS NULL AND state IN ('unmatched', 'set_aside') AND EXISTS (SELECT 1 FROM lessons WHERE turn IS NULL);
DROP TABLE rank_again;
DROP TABLE lessons;
CREATE TABLE rank_again (                     -- unmatched mail of which something was learnt: the reader ranks it again
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  message_id BIGINT NOT NULL UNIQUE REFERENCES messages(id) ON DELETE CASCADE,
  times BIGINT NOT NULL                       -- how often it was touched; what is touched meanwhile stays
);
INSERT INTO rank_again (message_id, times) SELECT message_id, 1 FROM marked;
DROP TABLE marked;
