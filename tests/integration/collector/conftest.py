"""Brokers go away in these tests."""

from tests.support.sockets import sockets_collected

__all__ = ["sockets_collected"]
