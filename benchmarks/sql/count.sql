-- The counters of episode_minutes that need no other play, by the definitions of docs/metrics.md: a play
-- takes its fields from its first start and its progress from maxima; rows by minute and dimensions. The
-- sums over the rows are compared with those of the fold.
WITH
    plays AS
    (
        SELECT
            argMinIf(
                (at, platform, country, series_id, episode_no, duration_ms, paywall_no, start_reason, start_position_ms),
                (at, event_id),
                is_start
            ) AS first,
            first.6 AS duration,
            greatest(first.9, maxIf(position_ms, NOT is_start)) AS position,
            greatest(max(played_ms), 0) AS played,
            max(watched_ms) AS watched,
            first.8 = 'preview' AS is_preview,
            (played >= {valid_play_ms:Int64}) OR (100 * played >= 25 * duration) AS is_valid
        FROM play_events
        GROUP BY viewer_id, playback_id
        HAVING countIf(is_start) > 0
    ),
    episode_rows AS
    (
        SELECT
            countIf(is_preview) AS previews,
            countIf(NOT is_preview) AS starts,
            countIf(NOT is_preview AND 100 * first.9 < 5 * duration) AS fresh_starts,
            countIf(NOT is_preview AND is_valid) AS valid_plays,
            countIf(NOT is_preview AND 100 * position >= 25 * duration) AS reached_25,
            countIf(NOT is_preview AND 100 * position >= 50 * duration) AS reached_50,
            countIf(NOT is_preview AND 100 * position >= 75 * duration) AS reached_75,
            countIf(NOT is_preview AND 100 * position >= 95 * duration) AS reached_95,
            countIf(
                NOT is_preview AND is_valid
                AND if(watched >= 0, 100 * watched >= 90 * duration, 100 * position >= 95 * duration)
            ) AS completes,
            sumIf(played, NOT is_preview) AS played_ms,
            sumIf(least(greatest(watched, 0), duration), NOT is_preview) AS watched_ms
        FROM plays
        GROUP BY
            intDiv(first.1, 60000) AS minute,
            first.4 AS series_id,
            first.5 AS episode_no,
            first.7 AS paywall_no,
            first.2 AS platform,
            first.3 AS country
    )
SELECT
    sum(previews),
    sum(starts),
    sum(fresh_starts),
    sum(valid_plays),
    sum(reached_25),
    sum(reached_50),
    sum(reached_75),
    sum(reached_95),
    sum(completes),
    sum(played_ms),
    sum(watched_ms),
    count()
FROM episode_rows
