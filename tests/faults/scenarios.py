"""All scenarios by name: those of the suite, and those that are runs of their own."""

from tests.faults import capacity, disk, epochs, kills, recovery, selfcheck, servers, soak, traps

SCENARIOS = {
    "T1": kills.t1,
    "T2": kills.t2,
    "T3": servers.t3,
    "T4": servers.t4,
    "T5": kills.t5,
    "T6": disk.t6,
    "T7": epochs.t7,
    "T8": epochs.t8,
    "T9": epochs.t9,
    **traps.TRAPS,
    "X1": selfcheck.broken("without-offset-checks"),
    "X2": selfcheck.broken("checkpoint-before-rows"),
}

LONG = {"soak": soak.soak, "capacity": capacity.capacity, "recovery": recovery.recovery}
