"""What the development ClickHouse refuses."""

import pytest
from clickhouse_driver.errors import ServerException


def refusal(client, sql, *args, **kwargs):
    """Return the error that a statement is answered with."""
    with pytest.raises(ServerException) as caught:
        client.execute(sql, *args, **kwargs)
    return caught.value
