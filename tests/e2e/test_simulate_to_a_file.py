import json
import signal

SMALL = ("simulate", "--pace", "max", "--events", "2000", "--viewers", "200")


def test_the_same_seed_gives_the_same_bytes(program, tmp_path):
    one, two, other = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    program(*SMALL, "--output", str(one), "--truth", str(tmp_path / "truth"))
    program(*SMALL, "--output", str(two))
    program(*SMALL, "--output", str(other), "--seed", "2")
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    assert one.read_bytes().count(b"\n") == 2000
    truth = (tmp_path / "truth").read_text().splitlines()
    assert {next(iter(json.loads(line))) for line in truth} == {"event", "bad"}


def test_events_go_to_standard_output_and_the_rest_does_not(program):
    said = program("simulate", "--pace", "max", "--events", "20", "--dirt", "none", "--output", "-")
    assert len([json.loads(line) for line in said.out.splitlines()]) == 20
    assert "20 events" in said.err


def test_a_wrong_knob_is_named_with_those_that_exist(program):
    said = program("simulate", "--knob", "dust=1", code=2)
    assert "--knob dust=1" in said.err
    assert "duplicates" in said.err


def test_a_recording_is_replayed_byte_for_byte(program, tmp_path):
    recorded, again = tmp_path / "recorded", tmp_path / "again"
    program(*SMALL, "--output", str(recorded))
    program("replay", str(recorded), "--output", str(again))
    assert again.read_bytes() == recorded.read_bytes()


def test_a_file_that_cannot_be_written_is_named(program, tmp_path):
    for option in ("--output", "--truth"):
        said = program(*SMALL, option, str(tmp_path / "no" / "file"), code=1)
        assert said.err == f"cliffhanger: {tmp_path}/no/file: No such file or directory\n"


def test_ctrl_c_leaves_in_order(program, tmp_path):
    output = tmp_path / "events"
    process = program.start("simulate", "--viewers", "500", "--output", str(output))
    while not (output.exists() and output.stat().st_size):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert output.read_bytes().endswith(b"\n")
