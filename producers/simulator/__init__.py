"""A micro-drama platform that plays itself: the same seed and settings give the same bytes."""

from producers.simulator.delivery import Delivery
from producers.simulator.settings import Dirt, SimulationSettings
from producers.simulator.truth import Truth, TruthFile
from producers.simulator.world import simulate

__all__ = ["Delivery", "Dirt", "SimulationSettings", "Truth", "TruthFile", "simulate"]
