import socket
import threading

import pytest

from runtime.errors import WarehouseAwayError, WarehouseRefusedError
from runtime.settings import ClickHouseSettings
from schemas.tables import CHECKPOINTS, SITTINGS
from tests.contracts.warehouse import WarehouseContract, a_checkpoint, a_line, a_row
from warehouse.client import Connection
from warehouse.writer import CHECKPOINT_COLUMNS, MetDeletion, QuarantinedLine, Writer


class TestClickHouse(WarehouseContract):
    @pytest.fixture
    def warehouse(self, settings):
        self.settings = settings
        self.connection = Connection(settings)
        self.raw = Connection(settings, strings_as_bytes=True)
        writer = Writer(settings)
        yield writer
        writer.close()
        self.connection.close()
        self.raw.close()

    def latest_rows(self, warehouse, table):
        key = ", ".join((*table.columns[: table.columns.index("version")], "bitShiftRight(version, 48)"))
        rows = self.connection.query(f"""
            SELECT toUnixTimestamp(window_start), * EXCEPT (window_start, written_at)
            FROM {table.name} AS t
            WHERE ({key}, version) IN (SELECT {key}, max(version) FROM {table.name} GROUP BY {key})
            ORDER BY {key}
            LIMIT 1 BY {key}
        """)
        return [tuple(row) for row in rows]

    def quarantined_lines(self, warehouse):
        rows = self.raw.query("""
            SELECT source_epoch, partition, offset, line_index, reason, line,
                toUnixTimestamp64Milli(message_at)
            FROM quarantine FINAL
            ORDER BY source_epoch, partition, offset, line_index
        """)
        lines = [QuarantinedLine(*row) for row in rows]
        return [line._replace(reason=line.reason.decode()) for line in lines]

    def met_deletions(self, warehouse):
        rows = self.connection.query("""
            SELECT source_epoch, partition, offset, line_index, viewer_id,
                toUnixTimestamp64Milli(requested_at), toUnixTimestamp64Milli(message_at)
            FROM viewer_deletions FINAL
            ORDER BY source_epoch, partition, offset, line_index
        """)
        return [MetDeletion(*row) for row in rows]

    def write_checkpoint_at(self, warehouse, checkpoint, written_at_ms):
        values = [[getattr(checkpoint, name)] for name in CHECKPOINT_COLUMNS]
        columns = (*CHECKPOINT_COLUMNS, "written_at")
        self.connection.insert(CHECKPOINTS, columns, [*values, [written_at_ms]])


def test_a_state_of_40_megabytes_fits_one_row(writer):
    state = b"0123456789abcdef" * 2_621_440
    writer.write_checkpoint(a_checkpoint(state=state))
    (found,) = writer.newest_checkpoints(1, 3, 1)
    assert found.verifies
    assert len(found.state) == 41_943_040


def test_a_state_is_fetched_only_when_it_is_asked_for(writer):
    writer.write_checkpoint(a_checkpoint(100))
    writer.write_checkpoint(a_checkpoint(200))
    found = writer.newest_checkpoints(1, 3, 1)
    assert next(found).next_offset == 200
    assert writer.drop_old_checkpoints(1, 3) == 0
    assert next(found).next_offset == 100


def test_a_row_that_does_not_fit_is_refused_and_the_next_one_goes(writer, connection):
    with pytest.raises(WarehouseRefusedError):
        writer.write_rows(SITTINGS, [a_row(SITTINGS, sittings="many")])
    writer.write_rows(SITTINGS, [a_row(SITTINGS, sittings=1)])
    assert connection.query("SELECT sum(sittings) FROM sittings") == [(1,)]


def test_a_table_that_is_absent_is_refused(empty):
    writer = Writer(empty)
    with pytest.raises(WarehouseRefusedError, match="code 60"):
        writer.write_rows(SITTINGS, [a_row(SITTINGS)])
    writer.close()


def test_a_wrong_password_is_refused(settings):
    writer = Writer(settings.model_copy(update={"user": "nobody"}))
    with pytest.raises(WarehouseRefusedError, match="Authentication"):
        writer.write_quarantine([a_line()])


def test_a_server_that_is_not_there_is_away():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    writer = Writer(ClickHouseSettings(port=port))
    with pytest.raises(WarehouseAwayError):
        writer.write_checkpoint(a_checkpoint())


def accept_and_close(server):
    server.accept()[0].close()


def test_a_server_that_hangs_up_or_stays_silent_is_away():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        hang_up = threading.Thread(target=accept_and_close, args=(server,))
        hang_up.start()
        with pytest.raises(WarehouseAwayError):
            Writer(ClickHouseSettings(port=port)).write_checkpoint(a_checkpoint())
        hang_up.join()
        silent = ClickHouseSettings(port=port, connect_timeout_s=0.2, send_receive_timeout_s=0.2)
        with pytest.raises(WarehouseAwayError):
            Writer(silent).write_checkpoint(a_checkpoint())


def test_after_a_lost_connection_the_next_call_opens_another(writer, connection):
    writer.write_rows(SITTINGS, [a_row(SITTINGS, sittings=1)])
    writer._connection._client.connection.socket.shutdown(socket.SHUT_RDWR)
    for _ in range(2):
        try:
            writer.write_rows(SITTINGS, [a_row(SITTINGS, sittings=2, version=2)])
            break
        except WarehouseAwayError:
            continue
    assert connection.query("SELECT sum(sittings) FROM sittings_by_hour") == [(2,)]
