-- schema_migrations: which migrations were applied, with the SHA-256 of each file as it was. The first
-- migration, for all others are noted here.
--
-- MergeTree: a line is written once. Two migrators that start at once may both note a migration: the
-- statements are harmless twice, and the two rows agree.
--
-- ORDER BY name   a few rows, read as a whole, in the order of the numbers.
CREATE TABLE IF NOT EXISTS schema_migrations
(
    name String COMMENT 'name of the file',
    sha256 String COMMENT 'SHA-256 of the file, hex',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it was applied'
)
ENGINE = MergeTree
ORDER BY name
COMMENT 'Migrations applied to this database'
