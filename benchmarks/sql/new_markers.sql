-- The paywalls of the markers that the view shows, minutes and ids narrowed down by the sort key.
SELECT DISTINCT paywall_id
FROM paywalls_by_minute
WHERE series_id = {series_id:String} AND window_start >= toDateTime({since:UInt32}, 'UTC')
