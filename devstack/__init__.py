"""A genuine Kafka and a development ClickHouse on loopback, for machines without Docker."""

from devstack.errors import DevStackError, MissingToolError, PortTakenError
from devstack.ports import StackPorts, free_ports
from devstack.service import Service, ServiceStatus
from devstack.stack import DevStack

__all__ = [
    "DevStack",
    "DevStackError",
    "MissingToolError",
    "PortTakenError",
    "Service",
    "ServiceStatus",
    "StackPorts",
    "free_ports",
]
