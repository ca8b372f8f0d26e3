"""The ports of a stack."""

from dataclasses import astuple

from devstack import StackPorts, free_ports


def test_the_defaults_are_those_of_the_settings():
    assert astuple(StackPorts()) == (19092, 19093, 19000, 18123)


def test_free_ports_differ_and_are_not_the_ones_clients_get():
    chosen = astuple(free_ports())
    assert len(set(chosen)) == 4
    assert all(20_000 <= port < 32_000 for port in chosen)
