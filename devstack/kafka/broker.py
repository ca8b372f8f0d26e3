"""Runs Apache Kafka as one process: formats its storage once, writes its configuration, asks it."""

import base64
import shutil
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template

from devstack.errors import DevStackError
from devstack.kafka.jars import fetch_jars
from devstack.kafka.java import find_java
from devstack.kafka.probe import live_broker_count
from devstack.ports import LOOPBACK, StackPorts

_HERE = Path(__file__).parent
_HEAP = "-Xmx512m"


class KafkaProgram:
    """Apache Kafka in KRaft mode; configuration and data in one folder.

    Formatting happens before the first start only. What the broker acknowledged survives a kill
    of the process (it is in the page cache), not a power cut.
    """

    name = "kafka"

    def __init__(self, folder: Path, ports: StackPorts, *, jars: Path, say: Callable[[str], None]) -> None:
        self._folder = folder.resolve()
        self._ports = ports
        self._jars = jars
        self._say = say

    @property
    def address(self) -> str:
        """The bootstrap address for clients."""
        return f"{LOOPBACK}:{self._ports.kafka}"

    @property
    def ports(self) -> Mapping[str, int]:
        """The port for clients and the one of the controller."""
        return {"kafka": self._ports.kafka, "kafka_controller": self._ports.kafka_controller}

    def prepare(self) -> Sequence[str]:
        """Find Java, fetch the jars, write the configuration and format the storage if it is new."""
        java = find_java()
        jars = fetch_jars(self._jars, say=self._say)
        logging = self._folder / "log4j2.properties"
        run = [
            *(java, _HEAP, f"-Dlog4j2.configurationFile={logging.as_uri()}"),
            *("-cp", f"{jars}/*"),
        ]
        properties = self._write_configuration(logging)
        if not (self._data / "meta.properties").exists():
            self._format(run, properties)
        return [*run, "kafka.Kafka", str(properties)]

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _write_configuration(self, logging: Path) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(_HERE / "log4j2.properties", logging)
        properties = self._folder / "server.properties"
        template = Template((_HERE / "server.properties").read_text())
        properties.write_text(
            template.substitute(
                broker_port=self._ports.kafka,
                controller_port=self._ports.kafka_controller,
                data_dir=self._data,
            )
        )
        return properties

    def _format(self, run: Sequence[str], properties: Path) -> None:
        command = [
            *(*run, "kafka.tools.StorageTool", "format", "--ignore-formatted"),
            *("-t", new_cluster_id(), "-c", str(properties)),
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            message = f"Kafka could not format {self._data}:\n{told.stdout}{told.stderr}"
            raise DevStackError(message)

    def answers(self) -> bool:
        """Whether the broker counts itself as part of the cluster, so that topics can be made."""
        return live_broker_count(self._ports.kafka) > 0


def new_cluster_id() -> str:
    """Make a random UUID in Kafka's notation: 22 characters of URL-safe base64."""
    while True:
        identifier = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not identifier.startswith("-"):  # it would be read as an option
            return identifier
