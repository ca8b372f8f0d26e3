"""The playback tables of one viewer: `episode_minutes`, `exit_curves`, `sittings`, from its plays.

Every function yields contributions: the key of a row, and what to add to it.
"""

MINUTE_S, HOUR_S = 60, 3_600
LONG_MS = 300_000
BINS_OF_LONG = 300


def window(time_ms, window_s):
    """Start, in seconds, of the window that holds the time."""
    return time_ms // 1_000 // window_s * window_s


def is_preview(play):
    return play.fields.start_reason == "preview"


def real(plays):
    """The plays that count: all but previews."""
    return [p for p in plays if not is_preview(p)]


def played(play):
    return play.played_ms or 0


def is_valid(play, rules):
    """It was played for ten seconds, or for a quarter of the episode where that is less."""
    return played(play) >= rules.valid_play_ms or 100 * played(play) >= 25 * play.fields.duration_ms


def reached(play, percent):
    return 100 * play.position_ms >= percent * play.fields.duration_ms


def is_complete(play, rules):
    """It is valid and 90 % was watched; where nothing says what was watched, 95 % was reached."""
    if not is_valid(play, rules):
        return False
    if play.watched_ms is not None:
        return 100 * play.watched_ms >= 90 * play.fields.duration_ms
    return reached(play, 95)


def what_followed(play, viewer, rules):
    """How a completed play went on: 'auto', 'deliberate', 'gate' or 'left'."""
    begin, end = play.started_at, play.last_at + rules.sitting_gap_ms
    following = (play.fields.series_id, play.fields.episode_no + 1)
    starts = [
        p
        for p in real(viewer.plays)
        if (p.fields.series_id, p.fields.episode_no) == following and begin <= p.started_at <= end
    ]
    gates = [
        i
        for i in viewer.impressions
        if (i.fields.series_id, i.fields.episode_no) == following and begin <= i.shown_at <= end
    ]
    if starts:
        decisive = min(starts, key=start_order)
        return "auto" if decisive.fields.start_reason == "auto_next" else "deliberate"
    return "gate" if gates else "left"


def start_order(play):
    return (play.started_at, play.event_id, play.playback_id)


def episode_minutes(viewer, rules):
    for play in viewer.plays:
        f = play.fields
        key = (
            window(play.started_at, MINUTE_S),
            f.series_id,
            f.episode_no,
            f.paywall_no,
            f.platform,
            f.country,
        )
        if is_preview(play):
            yield key, {"previews": 1}
            continue
        complete = is_complete(play, rules)
        followed = what_followed(play, viewer, rules) if complete else None
        yield (
            key,
            {
                "starts": 1,
                "fresh_starts": int(100 * f.start_position_ms < 5 * f.duration_ms),
                "valid_plays": int(is_valid(play, rules)),
                "reached_25": int(reached(play, 25)),
                "reached_50": int(reached(play, 50)),
                "reached_75": int(reached(play, 75)),
                "reached_95": int(reached(play, 95)),
                "completes": int(complete),
                "played_ms": played(play),
                "watched_ms": min(play.watched_ms or 0, f.duration_ms),
                "continued_auto": int(followed == "auto"),
                "continued_deliberate": int(followed == "deliberate"),
                "stopped_at_gate": int(followed == "gate"),
            },
        )


def exit_curves(viewer):
    for play in real(viewer.plays):
        f = play.fields
        key = (window(play.started_at, HOUR_S), f.series_id, f.episode_no, f.platform)
        yield key, {"plays_by_bin": {exit_bin(play.position_ms, f.duration_ms): 1}}


def exit_bin(position_ms, duration_ms):
    """One bin a second up to five minutes of duration, 300 equal bins beyond."""
    if duration_ms <= LONG_MS:
        seconds_begun = (duration_ms + 999) // 1_000
        return min(position_ms // 1_000, seconds_begun - 1)
    return min(BINS_OF_LONG * position_ms // duration_ms, BINS_OF_LONG - 1)


def sittings(viewer, rules):
    for plays in group_sittings(real(viewer.plays), rules.sitting_gap_ms):
        opening = min(plays, key=start_order)
        f = opening.fields
        key = (window(opening.started_at, HOUR_S), f.series_id, f.platform, f.country)
        valid = [p for p in plays if is_valid(p, rules)]
        complete = [p for p in plays if is_complete(p, rules)]
        chosen = [p for p in valid if p.fields.start_reason != "auto_next"]
        yield (
            key,
            {
                "sittings": 1,
                "played_ms": sum(played(p) for p in plays),
                "depth": {len(episodes(valid)): 1},
                "run": {longest_run(episodes(complete)): 1},
                "deliberate": {len(episodes(chosen)): 1},
            },
        )


def group_sittings(plays, gap_ms):
    """The plays of one viewer as sittings: of one series, and no silence longer than the gap."""
    found = []
    for series_id in sorted({p.fields.series_id for p in plays}):
        of_series = [p for p in plays if p.fields.series_id == series_id]
        covered_until = None
        for play in sorted(of_series, key=start_order):
            if covered_until is not None and play.started_at - covered_until <= gap_ms:
                found[-1].append(play)
                covered_until = max(covered_until, play.last_at)
            else:
                found.append([play])
                covered_until = play.last_at
    return found


def episodes(plays):
    return {p.fields.episode_no for p in plays}


def longest_run(numbers):
    """Length of the longest run of consecutive numbers in the set."""
    longest = 0
    for number in numbers:
        length = 1
        while number + length in numbers:
            length += 1
        longest = max(longest, length)
    return longest
