-- Lines as they are in Kafka, to be parsed by the engine.
CREATE TABLE lines
(
    line String
)
ENGINE = MergeTree
ORDER BY tuple()
