-- exit_curve_bins_by_hour: the exit curves with a row for each bin, for charts.
--
-- Every curve has all 300 bins, empty ones too: so plays_at_or_past and plays_total add up over platforms,
-- windows and episodes bin by bin, and survival over several rows is sum(plays_at_or_past) /
-- sum(plays_total) as anywhere. Filter on an episode: the bins are made when the view is read.
CREATE VIEW IF NOT EXISTS exit_curve_bins_by_hour
(
    window_start DateTime('UTC') COMMENT 'start of the hour, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    bin UInt16 COMMENT 'bin of the episode, 0 to 299: seconds up to 300 s of duration, 300ths of it above',
    plays Int64 COMMENT 'plays whose furthest position lies in the bin',
    plays_at_or_past Int64 COMMENT 'plays whose furthest position lies in the bin or after it',
    plays_total Int64 COMMENT 'plays of the curve',
    survival Nullable(Float64) COMMENT 'plays_at_or_past / plays_total',
    hazard Nullable(Float64) COMMENT 'plays / plays_at_or_past'
)
AS
SELECT
    window_start,
    series_id,
    episode_no,
    platform,
    bin,
    plays,
    plays_at_or_past,
    plays_total,
    plays_at_or_past / nullIf(plays_total, 0) AS survival,
    plays / nullIf(plays_at_or_past, 0) AS hazard
FROM
(
    SELECT
        c.window_start AS window_start,
        c.series_id AS series_id,
        c.episode_no AS episode_no,
        c.platform AS platform,
        c.plays AS plays_total,
        arrayMap(bin -> toUInt16(bin), range(300)) AS bins,
        arrayMap(bin -> c.plays_by_bin[bin], bins) AS plays_in,
        arrayReverse(arrayCumSum(arrayReverse(plays_in))) AS plays_from
    FROM exit_curves_by_hour AS c
)
ARRAY JOIN
    bins AS bin,
    plays_in AS plays,
    plays_from AS plays_at_or_past
COMMENT 'Exit curves with a row for each bin, by hour'
