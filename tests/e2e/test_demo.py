import os
import re
import signal

COLLECTOR = re.compile(r"collector ([\d,]+)/s")
RATE = re.compile(r"([\d,]+) events/s, ([\d,]+) so far")


def test_the_demo_shows_moving_numbers_and_leaves_nothing_running(program):
    said = program("demo", "--seconds", "25", "--rate", "300", "--history", "5")
    looks = [int(so_far.replace(",", "")) for _, so_far in RATE.findall(said.out)]
    assert len(looks) >= 4
    assert looks == sorted(looks)
    assert looks[-1] > looks[len(looks) // 2] > 0
    taken = [int(rate.replace(",", "")) for rate in COLLECTOR.findall(said.out)]
    assert 150 < max(taken) < 900
    last = said.out.strip().splitlines()[-1]
    assert re.search(r"sittings [1-9]", last)
    assert re.search(r"gates: [1-9]\d* shown", last)
    assert "nothing is left running" in said.err
    assert program.processes() == []


def test_it_is_alone_mends_itself_and_ctrl_c_stops_everything(program):
    demo = program.start("demo", "--rate", "50", "--history", "0", "--workers", "1")
    try:
        next_line(demo, lambda text: "so far" in text)
        assert "another demo runs" in program("demo", "--seconds", "5", code=1).err
        os.kill(child_of(demo.pid, "worker"), signal.SIGKILL)
        line = next_line(demo, lambda text: "started again" in text)
        assert line.startswith("worker-1 ended with -9")
        demo.send_signal(signal.SIGINT)
        _, err = demo.communicate(timeout=60)
    finally:
        demo.kill()
        demo.wait()
    assert demo.returncode == 0
    assert "nothing is left running" in err
    assert program.processes() == []


def next_line(process, wanted):
    for line in process.stdout:
        if wanted(line):
            return line
    raise AssertionError(process.stderr.read())


def child_of(parent, command):
    """The pid of a child by the command in its arguments."""
    with open(f"/proc/{parent}/task/{parent}/children") as children:
        for pid in children.read().split():
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if command.encode() in words.read().split(b"\0"):
                    return int(pid)
    raise AssertionError(f"no {command} below {parent}")
