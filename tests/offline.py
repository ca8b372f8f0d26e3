"""A fixture under which no test can reach a server. What stays within the process may connect."""

import socket

import pytest

_INSIDE = (socket.AF_UNIX,)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Fail the test that connects a socket, and name the address, even when the code swallows errors."""
    tried = []
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(original):
        def reach(self, address):
            if self.family in _INSIDE:
                return original(self, address)
            tried.append(address)
            raise AssertionError(f"a test that has no server connects to {address}")

        return reach

    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    yield
    assert not tried, f"a test that has no server connects to {tried}"
