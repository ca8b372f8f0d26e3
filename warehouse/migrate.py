"""Brings the database to the tables and views of this version, forward only. It owns IO."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from runtime.errors import MigrationError
from runtime.settings import ClickHouseSettings
from warehouse.client import Connection

MIGRATIONS: Final = Path(__file__).parent / "migrations"
FILE_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
APPLIED: Final = "SELECT DISTINCT name, sha256 FROM schema_migrations ORDER BY name"


class Migration(NamedTuple):
    """One file of `migrations/`: one statement, and the SHA-256 of the file."""

    name: str
    sql: str
    sha256: str


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Read the migrations in their order; raise `MigrationError` when names or numbers do not fit."""
    found = []
    for number, path in enumerate(sorted(folder.glob("*.sql"))):
        name = FILE_NAME.fullmatch(path.name)
        if name is None:
            raise MigrationError(f"{path.name} is no name of a migration: NNNN_what_it_makes.sql")
        if int(name[1]) != number:
            raise MigrationError(f"{path.name} stands where number {number:04d} is due")
        content = path.read_bytes()
        found.append(Migration(path.name, content.decode(), hashlib.sha256(content).hexdigest()))
    return found


def unapplied(migrations: Sequence[Migration], applied: Iterable[tuple[str, str]]) -> list[Migration]:
    """Return the migrations that are not applied yet.

    Raises:
        MigrationError: an applied migration is missing here, was changed, or comes after one that
            was never applied: the database and this version have parted, and a person must look.
    """
    here = {migration.name: migration for migration in migrations}
    done: set[str] = set()
    for name, sha256 in applied:
        if name not in here:
            raise MigrationError(
                f"{name} was applied to the database and is missing here: is this an older version?"
            )
        if here[name].sha256 != sha256:
            raise MigrationError(f"{name} was changed after it was applied: add a migration instead")
        done.add(name)
    waiting = [migration for migration in migrations if migration.name not in done]
    if waiting and done and waiting[0].name < max(done):
        raise MigrationError(f"{waiting[0].name} was never applied, and {max(done)} was")
    return waiting


def pending(settings: ClickHouseSettings) -> list[str]:
    """Name the migrations that `migrate` would apply. Changes nothing."""
    return [migration.name for migration in _waiting(settings)]


def migrate(
    settings: ClickHouseSettings,
    say: Callable[[str], None] = lambda _: None,
    *,
    dry_run: bool = False,
) -> list[str]:
    """Create the database if it is absent, apply what is pending in order, and return the names.

    Each migration is noted after it succeeded. A crash in between applies one statement again, and
    two migrators at once apply it twice; every statement is written so that the second time changes
    nothing (`IF NOT EXISTS`).

    Raises:
        MigrationError: the migrations applied are not the migrations here; nothing was changed.
        WarehouseAwayError: run it again.
        WarehouseRefusedError: a statement is wrong or not allowed; those before it are applied.
    """
    waiting = _waiting(settings)
    if dry_run:
        for migration in waiting:
            say(f"would apply {migration.name}")
        return [migration.name for migration in waiting]
    if waiting:
        _create_database(settings)
    connection = Connection(settings)
    try:
        for migration in waiting:
            connection.query(migration.sql)
            connection.insert("schema_migrations", ("name", "sha256"), ([migration.name], [migration.sha256]))
            say(f"applied {migration.name}")
    finally:
        connection.close()
    return [migration.name for migration in waiting]


def _waiting(settings: ClickHouseSettings) -> list[Migration]:
    migrations = read_migrations()
    server = Connection(settings, database="")
    try:
        exists: Mapping[str, int | str] = {"database": settings.database, "table": "schema_migrations"}
        where = "database = {database:String} AND name = {table:String}"
        if not server.query(f"SELECT 1 FROM system.tables WHERE {where}", exists):
            return migrations
    finally:
        server.close()
    connection = Connection(settings)
    try:
        return unapplied(migrations, connection.query(APPLIED))
    finally:
        connection.close()


def _create_database(settings: ClickHouseSettings) -> None:
    if settings.database == "default":
        raise MigrationError("the database `default` is not ours to fill: name another")
    server = Connection(settings, database="")
    try:
        server.query(f"CREATE DATABASE IF NOT EXISTS `{settings.database}` ENGINE = Atomic")
    finally:
        server.close()
