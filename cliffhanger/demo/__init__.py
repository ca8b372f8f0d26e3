"""The demo: a stack of its own, two workers, a simulated platform, and the numbers as they move."""
