"""The warehouse: its migrations and views, its writer and its reader. The only room with SQL."""

import os

os.environ.setdefault("CLICKHOUSE_DRIVER_LASY_DATE_LUT", "none")  # noqa: TID251 -- the driver asks for it there
"""Else the driver makes a table of all days of four centuries at its import: a tenth of a second, 22 MB."""
