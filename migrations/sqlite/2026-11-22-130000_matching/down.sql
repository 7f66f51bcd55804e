DROP INDEX messages_settled;
DROP INDEX messages_blob;
DROP TABLE scans;
DROP INDEX messages_pile;
ALTER TABLE messages DROP COLUMN evidence;
DROP TABLE rank_again;
DROP TABLE unmatched_keys;
-- Without its messages it would count for ever.
DELETE FROM authority_domains
 WHERE source = 'reply' AND id NOT IN (SELECT domain_id FROM domain_lessons);
DROP TABLE domain_lessons;
