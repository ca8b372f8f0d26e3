"""The command line of the development ClickHouse."""

import pytest

pytest.importorskip("chdb", reason="the engine is an extra")

from devstack.clickhouse.__main__ import read_arguments


def test_it_listens_on_loopback_by_default(tmp_path):
    arguments = read_arguments(["--path", str(tmp_path)])
    assert (arguments.host, arguments.port, arguments.http_port) == ("127.0.0.1", 19000, 18123)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1"])
def test_every_other_address_is_refused(tmp_path, capsys, host):
    with pytest.raises(SystemExit):
        read_arguments(["--path", str(tmp_path), "--host", host])
    assert "127.0.0.1 only" in capsys.readouterr().err
