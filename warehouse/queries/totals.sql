-- Everything counted so far, in one row.
SELECT
    (SELECT sum(starts) FROM episodes_by_day) AS starts,
    (SELECT sum(valid_plays) FROM episodes_by_day) AS valid_plays,
    (SELECT sum(completes) FROM episodes_by_day) AS completes,
    (SELECT sum(sittings) FROM sittings_by_day) AS sittings,
    (SELECT sum(impressions) FROM paywalls_by_day) AS impressions,
    (SELECT sum(converted_30m) FROM paywalls_by_day) AS converted_30m,
    (SELECT sum(unlocks) FROM unlocks_by_day) AS unlocks,
    (SELECT sum(revenue_usd_micros) FROM paywalls_by_day) AS revenue_usd_micros,
    (SELECT sum(active) FROM viewers_by_day) AS viewer_days
