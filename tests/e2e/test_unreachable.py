"""What is away is said in a sentence, after trying again for a while."""


def test_a_broker_that_is_away(program):
    said = program("worker", "--wait", "6", code=1)  # an attempt takes up to 5 s
    address = program.settings["CLIFFHANGER_KAFKA__BOOTSTRAP"]
    assert f"Kafka does not answer at {address} (tried for 6 s" in said.err
    assert f"Kafka does not answer at {address} yet; trying again" in said.err
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 4


def test_a_warehouse_that_is_away(program):
    said = program("migrate", "--wait", "2", code=1)
    address = f"127.0.0.1:{program.settings['CLIFFHANGER_CLICKHOUSE__PORT']}"
    assert f"ClickHouse does not answer at {address} yet; trying again" in said.err
    assert f"cliffhanger: ClickHouse does not answer at {address} (tried for 2 s" in said.err
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 4


def test_sending_to_a_broker_that_is_away(program):
    said = program("simulate", "--events", "10", "--pace", "max", "--wait", "2", code=1)
    assert "Kafka does not answer at" in said.err
    assert "Traceback" not in said.err


def test_a_report_without_a_warehouse(program):
    said = program("report", "binge", "--wait", "1", code=1)
    assert "ClickHouse does not answer at" in said.err
    assert said.out == ""
