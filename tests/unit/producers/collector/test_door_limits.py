"""Who sends too much is told when to come back; nobody escapes the limit, and nobody else pays for it."""

from tests.support.collector import PAGE, PLAYER, SERVER, Collector
from tests.unit.producers.collector.senders import HEARTBEAT, PURCHASE, a_key, signed
from tests.unit.streams.contract import EXAMPLES


def test_a_key_that_sends_too_much_is_told_when_to_come_back():
    collector = Collector([a_key(token=PLAYER, origins=[PAGE], events_per_s=1, burst=2)])
    events = [EXAMPLES["heartbeat"]] * 3
    assert collector.post(events).status == 200  # 2 were there, 4 are gone: 2 are owed, and 1 is for the next
    answer = collector.post(events, headers={"Origin": PAGE})
    assert answer.code == (429, "rate_limited")
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["access-control-allow-origin"] == PAGE
    collector.clock.at_s += 2
    assert collector.post(events).headers["retry-after"] == "1"
    collector.clock.at_s += 1
    assert collector.post(events).status == 200


def of_network(**settings):
    """A collector that lets a network of players send 10 and no more for a while."""
    return Collector(network_burst=10, **settings)


def test_a_network_that_sends_too_much_is_refused_and_its_neighbours_are_not():
    collector = of_network()
    assert collector.post([EXAMPLES["heartbeat"]] * 10, peer="203.0.113.1").status == 200
    assert collector.post(HEARTBEAT, peer="203.0.113.200").status == 429
    assert collector.post(HEARTBEAT, peer="203.0.114.1").status == 200
    assert collector.post(PURCHASE, peer="203.0.113.1", key=SERVER, headers=signed(PURCHASE)).status == 200


def test_a_forged_proxy_header_does_not_escape_the_limit():
    collector = of_network()
    collector.post([EXAMPLES["heartbeat"]] * 10)
    for number in range(5):
        assert collector.post(HEARTBEAT, headers={"X-Forwarded-For": f"10.{number}.0.1"}).status == 429


def test_what_stands_before_a_listed_proxy_does_not_escape_the_limit_either():
    collector = of_network(trusted_proxies="198.51.100.0/24")
    client = ("X-Forwarded-For", "203.0.113.1")
    collector.post([EXAMPLES["heartbeat"]] * 10, headers=[client])
    for number in range(5):
        forged = ("X-Forwarded-For", f"10.{number}.0.1")
        assert collector.post(HEARTBEAT, headers=[forged, client]).status == 429
        assert (
            collector.post(HEARTBEAT, headers=[("X-Forwarded-For", f"{forged[1]}, {client[1]}")]).status
            == 429
        )
    assert collector.post(HEARTBEAT, headers=[("X-Forwarded-For", "203.0.114.1")]).status == 200


def test_who_is_refused_uses_up_nobodys_limit():
    collector = of_network()
    for _ in range(20):
        assert collector.post(HEARTBEAT, key="unknown_key_123456").status == 401
        assert collector.post(HEARTBEAT, headers={"Origin": "https://evil.example"}).status == 403
    assert collector.post(HEARTBEAT).status == 200
