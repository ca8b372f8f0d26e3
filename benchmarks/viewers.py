"""Lines of viewers who all do the same, with ids as real ones are: to measure what one of them costs."""

from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import NamedTuple

from schemas.rules import HOUR_MS, MINUTE_MS

NOW_MS = 1_767_290_400_000
COUNTRIES = ("US", "BR", "MX", "GB", "DE", "ID", "PH", "JP", "KR", "TH")
PLATFORMS = ("android", "ios", "web")
POPULARITY = tuple(accumulate(1 / n**0.9 for n in range(1, 401)))
"""Of the series: the n-th is met about 1/n as often as the first."""
DURATION_MS = 95_000
OLDER_PLAYS = 4
"""Plays of the last hours."""
COHORTS = 60
"""Groups of viewers who came one after the other."""
CAME_FOR_MS = 3 * HOUR_MS
"""Over so long, until `WAS_GONE_MS` ago."""
WAS_GONE_MS = HOUR_MS

Line = tuple[int, str, bytes]
"""Arrival in ms, viewer, bytes."""


class Habits(NamedTuple):
    """What each viewer has behind them; everybody is in the middle of a play at the end."""

    older_plays: int = OLDER_PLAYS
    impression: bool = True


def lines(count: int, habits: Habits, *, seed: int = 1) -> Iterator[Line]:
    """Yield the lines of so many viewers in about the order of their times, ending at `NOW_MS`.

    The older plays are one binge in the hours before the last one, cohort after cohort, told by
    starts, heartbeats and ends; the impression ends it: the viewer left at the gate, and is back.
    """
    random = Random(seed)
    for cohort in range(COHORTS):
        begun = NOW_MS - WAS_GONE_MS - CAME_FOR_MS + cohort * CAME_FOR_MS // COHORTS
        members = [_person(number) for number in range(cohort, count, COHORTS)]
        for episode_no in range(1, habits.older_plays + 1):
            for viewer_id, common, series in members:
                yield from _play(random, viewer_id, common, begun, _content(series, episode_no), over=True)
            begun += DURATION_MS + 500
        if habits.impression:
            for viewer_id, common, series in members:
                body = f'"paywall_impression_id":"{_uuid(random)}","paywall_id":"main","trigger":"auto_next"'
                body = f"{body},{_content(series, 5)}"
                yield _line(random, viewer_id, common, begun, "paywall_impression", body)
    for number in range(count):
        viewer_id, common, series = _person(number)
        begun = NOW_MS - MINUTE_MS + number * MINUTE_MS // count
        yield from _play(random, viewer_id, common, begun, _content(series, 5), over=False)


def _person(number: int) -> tuple[str, str, str]:
    random = Random(number)
    viewer_id = f"{random.getrandbits(128):032x}"
    common = (
        f'"schema_version":1,"viewer_id":"{viewer_id}","platform":"{random.choice(PLATFORMS)}",'
        f'"app_session_id":"{_uuid(random)}","app_version":"3.4.1","country":"{random.choice(COUNTRIES)}",'
        f'"environment":"production","installed_at":{NOW_MS - random.randint(0, 900) * 24 * HOUR_MS},'
        f'"payer_state":"never"'
    )
    return viewer_id, common, f"series-{bisect(POPULARITY, random.random() * POPULARITY[-1]):04d}"


def _play(
    random: Random, viewer_id: str, common: str, begun: int, content: str, *, over: bool
) -> Iterator[Line]:
    play = f'"playback_id":"{_uuid(random)}"'
    start = f'{play},"start_reason":"auto_next","start_position_ms":0,{content}'
    yield _line(random, viewer_id, common, begun, "play_start", start)
    for played, event_type in ((5_000, "heartbeat"), (DURATION_MS, "play_end"))[: 1 + over]:
        body = f'{play},"position_ms":{played},"played_ms":{played},"watched_ms":{played}'
        body += ',"end_reason":"completed"' if event_type == "play_end" else ""
        yield _line(random, viewer_id, common, begun + played, event_type, body)


def _line(random: Random, viewer_id: str, common: str, at: int, event_type: str, body: str) -> Line:
    line = (
        f'{{"event_type":"{event_type}","event_id":"{_uuid(random)}","occurred_at":{at},"sent_at":{at + 90},'
        f'"received_at":{at + 130},{body},{common}}}'
    )
    return at + 130, viewer_id, line.encode()


def _content(series: str, episode_no: int) -> str:
    return (
        f'"series_id":"{series}","episode_no":{episode_no},"duration_ms":{DURATION_MS},'
        f'"is_free":{"true" if episode_no < 5 else "false"},"paywall_no":{0 if episode_no < 5 else 1}'
    )


def _uuid(random: Random) -> str:
    bits = f"{random.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"
