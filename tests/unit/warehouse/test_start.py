"""What importing the warehouse costs every process that does it."""

import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[3]
DAYS = "import warehouse.client, clickhouse_driver.columns.datecolumn as c; print(len(c._date_lut), {})"


def asked(expression):
    """The number of days that the driver knows in a fresh process, and what it says of some."""
    ran = subprocess.run(
        [sys.executable, "-c", DAYS.format(expression)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return ran.stdout.split()


def test_the_driver_makes_no_table_of_all_days():
    """It made one of 146,097 days: a tenth of a second and 22 MB for every worker and every command."""
    assert asked("''") == ["0"]


def test_days_are_themselves_all_the_same():
    day = date(2026, 11, 21)
    number = (day - date(1970, 1, 1)).days
    assert asked(f"c._date_lut[{number}]") == ["0", str(day)]
    assert asked(f"c._date_lut_reverse[c._date_lut[{number}]]") == ["0", str(number)]
