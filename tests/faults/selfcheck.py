"""The suite itself under test: workers that are broken on purpose must give wrong rows."""

from tests.faults import kills


def broken(how):
    """T1 with broken workers. Passed means: the suite turned red, by wrong rows."""

    def check(stack, *, seed, cycles=6, events=12_000, say=print):
        outcome = kills.t1(
            stack, seed=seed, cycles=cycles, events=events, say=say,
            command=("tests.faults.broken", how, "worker"),
        )  # fmt: skip
        outcome.scenario = "X"
        outcome.title = f"broken on purpose: {how}"
        outcome.must_fail = True
        return outcome

    return check
