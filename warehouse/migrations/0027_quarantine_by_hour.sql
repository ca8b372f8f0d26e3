-- quarantine_by_hour: lines set aside, by the hour in which Kafka took their message and by reason.
--
-- FINAL: a line that was written twice counts once.
CREATE VIEW IF NOT EXISTS quarantine_by_hour
(
    window_start DateTime('UTC') COMMENT 'start of the hour in which Kafka took the message, UTC',
    reason LowCardinality(String) COMMENT 'why the lines could not be used',
    lines UInt64 COMMENT 'lines',
    bytes UInt64 COMMENT 'bytes of these lines',
    detected_at DateTime64(3, 'UTC') COMMENT 'when the newest of them was found'
)
AS
SELECT
    toStartOfHour(toDateTime(q.message_at, 'UTC')) AS window_start,
    q.reason AS reason,
    count() AS lines,
    sum(length(q.line)) AS bytes,
    max(q.detected_at) AS detected_at
FROM quarantine AS q FINAL
GROUP BY toStartOfHour(toDateTime(q.message_at, 'UTC')), q.reason
COMMENT 'Lines set aside, by hour and reason'
