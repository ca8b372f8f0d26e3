"""The program as a user types it: a process, its exit code, what it says."""

import os
import random
import subprocess
import sys
from pathlib import Path

from devstack.ports import is_free

ROOT = Path(__file__).parents[2]
JARS = ROOT / ".devstack" / "jars"


class Program:
    """Runs commands with settings of its own, none inherited, in a home whose jars are the project's."""

    def __init__(self, home, **settings):
        self.home = home
        JARS.mkdir(parents=True, exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "jars").exists():
            (home / "jars").symlink_to(JARS)
        kafka, clickhouse = free_pair()
        self.settings = {
            "CLIFFHANGER_DEVSTACK_HOME": str(home),
            "CLIFFHANGER_KAFKA__BOOTSTRAP": f"127.0.0.1:{kafka}",
            "CLIFFHANGER_KAFKA__SESSION_TIMEOUT_S": "6",
            "CLIFFHANGER_KAFKA__HEARTBEAT_INTERVAL_S": "0.5",
            "CLIFFHANGER_CLICKHOUSE__PORT": str(clickhouse),
            **settings,
        }

    def start(self, *arguments, **settings):
        """Start a command; the caller ends it."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CLIFFHANGER_")}
        return subprocess.Popen(
            [sys.executable, "-m", "cliffhanger", *arguments],
            cwd=ROOT,
            env=inherited | self.settings | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments, code=0, within_s=120, **settings):
        """Run a command to its end, hold its exit code, and return what it wrote."""
        process = self.start(*arguments, **settings)
        try:
            out, err = process.communicate(timeout=within_s)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == code, f"exit code {process.returncode}\n{out}\n{err}"
        return Said(out, err)

    def processes(self):
        """Pids of the processes that live with the home of this program in their environment or command."""
        mine = str(self.home).encode()
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                try:
                    text = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                except OSError:  # it has ended, or is not ours
                    continue
                if mine in text:
                    found.append(int(folder.name))
        return found


class Said:
    """What a command wrote: answers to `out`, the rest to `err`."""

    def __init__(self, out, err):
        self.out = out
        self.err = err


def free_pair():
    """Ports for Kafka and ClickHouse whose neighbours, which the stack takes too, are free as well."""
    while True:
        kafka, clickhouse = random.sample(range(21_000, 31_000), 2)
        if all(is_free(port) for port in (kafka, kafka + 1, clickhouse, clickhouse - 877)):
            return kafka, clickhouse
