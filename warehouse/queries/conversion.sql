-- What the gates convert.
SELECT
    p.series_id AS series_id,
    p.episode_no AS episode_no,
    p.paywall_no AS paywall_no,
    sum(p.impressions) AS impressions,
    sum(p.checkouts) AS checkouts,
    sum(p.converted_30m) AS converted_30m,
    sum(p.converted_24h) AS converted_24h,
    sum(p.conversions_coins) AS conversions_coins,
    sum(p.conversions_ad) AS conversions_ad,
    sum(p.conversions_subscription) AS conversions_subscription,
    sum(p.conversions_bundle) AS conversions_bundle,
    sum(p.revenue_usd_micros) AS revenue_usd_micros,
    converted_30m / nullIf(impressions, 0) AS conversion_rate_30m,
    converted_24h / nullIf(impressions, 0) AS conversion_rate_24h
FROM paywalls_by_hour AS p
WHERE window_start >= toDateTime({since:UInt32}, 'UTC')
  AND window_start < toDateTime({until:UInt32}, 'UTC')
  AND ({series_id:String} = '' OR series_id = {series_id:String})
GROUP BY p.series_id, p.episode_no, p.paywall_no
ORDER BY p.series_id, p.episode_no, p.paywall_no
