"""All scenarios by name."""

from tests.faults import kills, servers

SCENARIOS = {"T1": kills.t1, "T2": kills.t2, "T3": servers.t3, "T4": servers.t4, "T5": kills.t5}
