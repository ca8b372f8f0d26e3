"""Properties reach no server: connecting a socket fails the test and names the address."""

from tests.offline import offline

__all__ = ["offline"]
