"""How long the suite may take, in all and by scenario. After its share a scenario begins no other cycle."""

ALL = 45
"""Minutes on two cores."""
MINUTES = {
    "T1": 10.0,  # 100 kills in 67 strikes: 9 s each without stable names, where a session must end, 5 s with
    "T2": 2.5,  # 10 zombies: 10 s each, a session and a takeover
    "T3": 5.0,  # 20 kills of 4 s, 10 freezes of 8 s, 70 lost replies and cuts of 1.5 s
    "T4": 5.0,  # 10 kills of 9 s, 5 times 33 s out of reach
    "T5": 5.5,  # 30 times up and down: 10 s each
    "T6": 2.0,
    "T7": 2.0,
    "T8": 2.5,
    "T9": 1.0,
    "T10": 7.0,  # seven traps, of half a minute to a minute
    "X": 2.5,  # twice T1, with six kills
}
"""By scenario, ends and comparisons included."""


def minutes_of(name: str) -> float:
    """Return the share of a scenario; all of it for one that is not in the suite."""
    return MINUTES.get(name, ALL)
