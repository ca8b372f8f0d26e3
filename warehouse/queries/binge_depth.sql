-- How deep the sittings of a span of time went, of one series or of all.
SELECT
    sum(b.sittings) AS sittings,
    sum(b.played_ms) AS played_ms,
    sumMap(b.depth) AS depth,
    sum(b.deep_2) AS deep_2,
    sum(b.deep_5) AS deep_5,
    sum(b.deep_10) AS deep_10,
    sum(b.depth_sum) / nullIf(sittings, 0) AS depth_mean,
    sum(b.run_sum) / nullIf(sittings, 0) AS run_mean,
    sum(b.deliberate_sum) / nullIf(sittings, 0) AS deliberate_mean,
    mapKeys(depth)[nullIf(arrayFirstIndex(upto -> 2 * upto >= sittings, arrayCumSum(mapValues(depth))), 0)] AS depth_p50,
    mapKeys(depth)[nullIf(arrayFirstIndex(upto -> 10 * upto >= 9 * sittings, arrayCumSum(mapValues(depth))), 0)] AS depth_p90
FROM sittings_by_hour AS b
WHERE window_start >= toDateTime({since:UInt32}, 'UTC')
  AND window_start < toDateTime({until:UInt32}, 'UTC')
  AND ({series_id:String} = '' OR series_id = {series_id:String})
