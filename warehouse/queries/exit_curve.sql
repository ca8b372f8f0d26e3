-- The exit curve of one episode; bins after the last play are left out.
SELECT
    c.bin AS bin,
    sum(c.plays) AS plays,
    sum(c.plays_at_or_past) AS plays_at_or_past,
    plays_at_or_past / sum(c.plays_total) AS survival,
    plays / plays_at_or_past AS hazard
FROM exit_curve_bins_by_hour AS c
WHERE window_start >= toDateTime({since:UInt32}, 'UTC')
  AND window_start < toDateTime({until:UInt32}, 'UTC')
  AND series_id = {series_id:String}
  AND episode_no = {episode_no:UInt16}
GROUP BY c.bin
HAVING plays_at_or_past > 0
ORDER BY c.bin
