import hashlib

import pytest

from runtime.errors import MigrationError
from warehouse.migrate import Migration, read_migrations, unapplied


def folder_of(tmp_path, **files):
    for name, sql in files.items():
        (tmp_path / f"{name}.sql").write_text(sql)
    return tmp_path


ONE, TWO, THREE = (Migration(f"000{n}_x.sql", f"SELECT {n}", f"hash{n}") for n in range(3))


def test_migrations_come_in_order_with_the_hash_of_the_file(tmp_path):
    folder = folder_of(tmp_path, **{"0001_b": "SELECT 2", "0000_a": "SELECT 1"})
    first, second = read_migrations(folder)
    assert (first.name, second.name) == ("0000_a.sql", "0001_b.sql")
    assert first.sha256 == hashlib.sha256(b"SELECT 1").hexdigest()
    assert second.sql == "SELECT 2"


@pytest.mark.parametrize("name", ["1_a", "0000-a", "0000_A", "0000_", "00000_a"])
def test_a_file_that_is_named_otherwise_is_refused(tmp_path, name):
    with pytest.raises(MigrationError):
        read_migrations(folder_of(tmp_path, **{name: ""}))


@pytest.mark.parametrize("names", [("0001_a",), ("0000_a", "0002_b"), ("0000_a", "0000_b")])
def test_a_gap_or_a_number_twice_is_refused(tmp_path, names):
    with pytest.raises(MigrationError):
        read_migrations(folder_of(tmp_path, **dict.fromkeys(names, "")))


def test_what_is_not_applied_is_waiting():
    assert unapplied([ONE, TWO, THREE], []) == [ONE, TWO, THREE]
    assert unapplied([ONE, TWO, THREE], [(ONE.name, ONE.sha256)]) == [TWO, THREE]


def test_an_applied_migration_that_was_changed_is_refused():
    with pytest.raises(MigrationError, match="changed"):
        unapplied([ONE, TWO], [(ONE.name, "another hash")])


def test_an_applied_migration_that_is_missing_is_refused():
    with pytest.raises(MigrationError, match="missing"):
        unapplied([ONE], [(ONE.name, ONE.sha256), (TWO.name, TWO.sha256)])


def test_a_migration_slipped_in_before_an_applied_one_is_refused():
    with pytest.raises(MigrationError, match="never applied"):
        unapplied([ONE, TWO, THREE], [(ONE.name, ONE.sha256), (THREE.name, THREE.sha256)])
