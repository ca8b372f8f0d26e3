-- checkpoints: a checkpoint says under which rules its state was folded, in words and not only as a
-- digest. A new logic epoch that goes on from it must know how its objects were counted.
--
-- A column more, empty in the checkpoints that are there; nothing is rewritten.
ALTER TABLE checkpoints
    ADD COLUMN IF NOT EXISTS rules String DEFAULT '' COMMENT 'the rules of the fold, JSON; empty: older than this column' AFTER worker
