"""The demo: a stack of its own, a collector, two workers, a simulated platform, the numbers as they move."""
