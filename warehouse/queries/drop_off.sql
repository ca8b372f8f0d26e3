-- Where viewers stop, episode by episode.
SELECT
    e.series_id AS series_id,
    e.episode_no AS episode_no,
    sum(e.starts) AS starts,
    sum(e.valid_plays) AS valid_plays,
    sum(e.completes) AS completes,
    sum(e.continued_auto) AS continued_auto,
    sum(e.continued_deliberate) AS continued_deliberate,
    sum(e.stopped_at_gate) AS stopped_at_gate,
    1 - (continued_auto + continued_deliberate) / nullIf(completes, 0) AS drop_off
FROM episodes_by_hour AS e
WHERE window_start >= toDateTime({since:UInt32}, 'UTC')
  AND window_start < toDateTime({until:UInt32}, 'UTC')
  AND ({series_id:String} = '' OR series_id = {series_id:String})
GROUP BY e.series_id, e.episode_no
HAVING starts != 0
ORDER BY e.series_id, e.episode_no
