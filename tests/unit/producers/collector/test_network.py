"""Where a request comes from: forged proxy headers, exact origins, preflights."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.network import check_origin, client_address, networks, preflight_headers
from tests.unit.producers.collector.senders import a_key, refusal

PROXIES = networks("10.0.0.0/8, fd00::/8")
KEY = a_key(origins=["https://app.example", "http://localhost:8080"])


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not a listed proxy: forged
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # what the client wrote stands to the left
        ("10.0.0.1", "198.51.100.1, 10.9.9.9", "198.51.100.1"),  # through two of our proxies
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "198.51.100.1,10.9.9.9 ,10.8.8.8", "198.51.100.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, _hidden, 10.9.9.9", "10.9.9.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("fe80::1%eth0", "1.1.1.1", "fe80::1%eth0"),
    ],
)  # fmt: skip
def test_the_client_is_who_a_listed_proxy_says(peer, header, client):
    assert client_address(peer, header, PROXIES) == ip_address(client)


@pytest.mark.parametrize("peer", [None, "", "a socket"])
def test_a_peer_without_an_address_has_none(peer):
    assert client_address(peer, "198.51.100.1", PROXIES) is None


def test_no_proxy_is_listed_unless_a_setting_lists_it():
    assert client_address("127.0.0.1", "198.51.100.1", ()) == ip_address("127.0.0.1")


@given(header=st.text(max_size=300) | st.lists(st.ip_addresses().map(str)).map(", ".join))
def test_no_header_moves_a_client_that_is_no_proxy(header):
    assert client_address("203.0.113.9", header, PROXIES) == ip_address("203.0.113.9")


@given(header=st.text(alphabet="0123456789abcdef.:, \t%", max_size=2_000))
def test_no_header_of_a_proxy_raises(header):
    assert client_address("10.0.0.1", header, PROXIES) is not None


@given(forged=st.lists(st.ip_addresses().map(str), max_size=40), client=st.ip_addresses(v=4).map(str))
def test_what_a_client_writes_before_its_proxy_changes_nothing(forged, client):
    header = ", ".join([*forged, client])
    found = client_address("10.0.0.1", header, networks("10.0.0.1/32"))
    assert found == ip_address(client) or client == "10.0.0.1"


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "proxy", "10.0.0.0/8, ,"])
def test_a_proxy_that_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        networks(text)


@pytest.mark.parametrize("origin", [None, "https://app.example", "http://localhost:8080"])
def test_a_listed_origin_and_none_are_let_in(origin):
    check_origin(KEY, origin)


WRONG_ORIGINS = [
    "https://evil.example", "http://app.example", "https://app.example:8443", "https://app.example.evil.example",
    "https://sub.app.example", "HTTPS://APP.EXAMPLE", "https://app.example/", "null", "*", "",
    "https://app.example, https://evil.example",
]  # fmt: skip


@pytest.mark.parametrize("origin", WRONG_ORIGINS)
def test_another_origin_is_refused(origin):
    with pytest.raises(Refused) as refused:
        check_origin(KEY, origin)
    assert refusal(refused) == (403, "wrong_origin")


def test_a_key_without_origins_is_not_for_browsers():
    with pytest.raises(Refused):
        check_origin(a_key("server"), "https://app.example")


def test_a_preflight_names_the_origin_and_nobody_else():
    headers = preflight_headers("https://app.example", "POST", KEY.origins)
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert headers["vary"] == "origin"
    assert headers["access-control-allow-methods"] == "POST"
    assert "access-control-allow-credentials" not in headers
    assert {"content-encoding", "content-type", "authorization"} <= set(
        headers["access-control-allow-headers"].split(", ")
    )


@pytest.mark.parametrize(
    ("origin", "method"),
    [
        *((origin, "POST") for origin in WRONG_ORIGINS),
        (None, "POST"),
        ("https://app.example", "DELETE"),
        ("https://app.example", None),
    ],
)
def test_a_preflight_for_anything_else_is_refused(origin, method):
    with pytest.raises(Refused) as refused:
        preflight_headers(origin, method, KEY.origins)
    assert refusal(refused) == (403, "wrong_origin")
