"""Whether memory grows: what all workers together have. Pure.

Only moments count at which the two workers had all partitions and neither was young: a process that was
started again is small, and one that takes over is large for a while.

Where processes live to the end, a line through the second half says whether memory grows: it is flat when
growth of `MOST_PERCENT` an hour is within two standard errors of the slope. Where they are killed every few
minutes a line says how old they were: what a process has goes up in steps, by the largest backlog that it
has met, and the next one begins anew. There the most is compared that they had in the middle and in the last
third.
"""

import statistics
from itertools import groupby
from typing import NamedTuple

WORKERS, YOUNG_S = 2, 20
MOST_PERCENT = 10
"""A leak of one object an event would be above 50."""
FEWEST = 12
"""Points below which nothing is said: two minutes."""


class Point(NamedTuple):
    """All workers at one time."""

    at: float
    mb: float
    viewers: int


class Trend(NamedTuple):
    """Percent of the mean an hour, the standard error of that, and of how many points."""

    percent: float
    error: float
    points: int

    @property
    def grows(self):
        return self.points >= FEWEST and self.percent - 2 * self.error > MOST_PERCENT


class Peaks(NamedTuple):
    """The most that all workers had together, MB: in the middle third of a run and in the last."""

    middle: float
    last: float

    @property
    def grows(self):
        return self.last > self.middle * (1 + MOST_PERCENT / 100)


def points(memory, partitions):
    """The moments that count."""
    found = []
    for at, of_it in groupby(memory, key=lambda sample: sample.at):
        some = list(of_it)
        if (
            len(some) == WORKERS
            and min(sample.age_s for sample in some) >= YOUNG_S
            and sum(sample.partitions for sample in some) == partitions
        ):
            found.append(Point(at, sum(s.mb for s in some), sum(s.viewers for s in some)))
    return found


def trend(memory, partitions):
    """The growth of all workers together in the second half of a run."""
    if not memory:
        return Trend(0.0, 0.0, 0)
    half = (memory[0].at + memory[-1].at) / 2
    return growth([(point.at, point.mb) for point in points(memory, partitions) if point.at >= half])


def peaks(memory, partitions):
    """The most that all workers had together, by thirds of a run; none of a run without samples."""
    if not memory:
        return Peaks(0.0, 0.0)
    begin, third = memory[0].at, (memory[-1].at - memory[0].at) / 3
    steady = points(memory, partitions)

    def most(number):
        some = [p.mb for p in steady if number * third <= p.at - begin <= (number + 1) * third]
        return max(some, default=0.0)

    return Peaks(round(most(1), 1), round(most(2), 1))


def growth(pairs):
    """A least squares line through (seconds, MB), as percent of the mean an hour."""
    if len(pairs) < 3:
        return Trend(0.0, 0.0, len(pairs))
    x, y = [at for at, _ in pairs], [mb for _, mb in pairs]
    line = statistics.linear_regression(x, y)
    mean_x, an_hour = statistics.fmean(x), 360_000 / statistics.fmean(y)
    rest = sum((b - line.intercept - line.slope * a) ** 2 for a, b in pairs) / (len(pairs) - 2)
    error = (rest / sum((a - mean_x) ** 2 for a in x)) ** 0.5
    return Trend(round(line.slope * an_hour, 1), round(error * an_hour, 1), len(pairs))


def memory_rows(memory, partitions):
    """For the table: early, late, and the trend; then the process that lived longest."""
    steady = points(memory, partitions)
    rows = []
    if steady:
        early = next((p for p in steady if p.at >= memory[0].at + 300), steady[0])
        rows.append(_row("both workers", early, steady[-1], trend(memory, partitions), memory[0].at))
    of_pid = {}
    for sample in memory:
        of_pid.setdefault(sample.pid, []).append(sample)
    longest = max(of_pid.values(), key=lambda some: some[-1].age_s, default=[])
    half = longest[len(longest) // 2 :]
    if half:
        line = growth([(sample.at, sample.mb) for sample in half])
        rows.append(_row("the process that lived longest", longest[0], longest[-1], line, memory[0].at))
    return rows


def _row(name, early, late, line, began):
    return {
        "": name,
        "from minute": round((early.at - began) / 60, 1),
        "MB": round(early.mb),
        "viewers": early.viewers,
        "to minute": round((late.at - began) / 60, 1),
        "MB then": round(late.mb),
        "viewers then": late.viewers,
        "KB a viewer": f"{_kb(early)} / {_kb(late)}",
        "% an hour": f"{line.percent} +- {line.error}",
        "points": line.points,
    }


def _kb(point):
    return round(point.mb * 1024 / point.viewers, 1) if point.viewers else 0
