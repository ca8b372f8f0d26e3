-- The series with the most starts.
SELECT
    e.series_id AS series_id,
    sum(e.starts) AS starts,
    sum(e.valid_plays) AS valid_plays,
    sum(e.completes) AS completes,
    completes / nullIf(starts, 0) AS completion_rate,
    sum(e.watched_ms) AS watched_ms
FROM episodes_by_hour AS e
WHERE window_start >= toDateTime({since:UInt32}, 'UTC')
  AND window_start < toDateTime({until:UInt32}, 'UTC')
GROUP BY e.series_id
ORDER BY starts DESC, e.series_id
LIMIT {limit:UInt32}
