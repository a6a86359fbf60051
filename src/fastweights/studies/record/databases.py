"""Records in a database, SQLite or PostgreSQL, through SQLAlchemy.

This module does not import JAX.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fastweights.errors import InvalidValueError, StudyError, printable
from fastweights.studies.record.locks import describe_process, hold_lock, lock_owner
from fastweights.studies.record.storage import Storage

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from sqlalchemy import URL, Connection

_EXPECTED = "expected sqlite:///FILE or postgresql://USER@HOST/DATABASE"


class _Database(Storage):
    """A database that SQLAlchemy reaches."""

    one_study = False
    _options: ClassVar[dict[str, Any]]
    """Of SQLAlchemy's `create_engine`."""

    def __init__(self, url: "URL") -> None:
        self._url = url

    def __str__(self) -> str:
        return self._url._replace(password=None).difference_update_query(["password"]).render_as_string()

    def _failures(self) -> tuple[type[Exception], ...]:
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        return SQLAlchemyError, StorageInternalError

    def open(self, *, create: bool) -> "BaseStorage":
        import sqlalchemy
        from optuna.storages import RDBStorage

        url = self._url.render_as_string(hide_password=False)
        with self.errors():
            engine = sqlalchemy.create_engine(url, **self._options)
            try:
                has_studies = sqlalchemy.inspect(engine).has_table("studies")
            finally:
                engine.dispose()
            if not has_studies and not create:
                raise StudyError(f"there are no studies in {self}")
            return RDBStorage(url, engine_kwargs=self._options, skip_table_creation=has_studies)


class SQLite(_Database):
    """A file that several programs may read while one coordinator writes."""

    # Readers and the writer wait for each other for a minute at most.
    _options: ClassVar[dict[str, Any]] = {"connect_args": {"timeout": 60}}

    @property
    def path(self) -> Path:
        """The database's file."""
        return Path(self._url.database or "")

    def open(self, *, create: bool) -> "BaseStorage":
        if not create and not self.path.exists():
            raise StudyError(f"there is no database {self.path}")
        return super().open(create=create)

    def _lock(self, study: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{study}.lock")

    @contextmanager
    def owning(self, study: str) -> Iterator[Callable[[], None]]:
        with hold_lock(self._lock(study), f"the study {study!r} in {self}"):
            yield lambda: None

    def owner(self, study: str) -> str | None:
        return lock_owner(self._lock(study))


class PostgreSQL(_Database):
    """A server, reached with psycopg 3.

    The owner of a study holds an advisory lock by a connection of its own: the server frees the lock when
    the coordinator or its machine is gone. The connection's `application_name` names the owner.
    """

    # A stale connection is opened again, and a host that doesn't answer raises.
    _options: ClassVar[dict[str, Any]] = {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}

    @contextmanager
    def owning(self, study: str) -> Iterator[Callable[[], None]]:
        def confirm() -> None:
            with self.errors():
                connection.exec_driver_sql("SELECT 1")

        with self._connection(describe_process()) as connection:
            if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_key(study)})").scalar():
                owner = self._owner(connection, study)
                raise StudyError(
                    f"the study {study!r} in {self} is in use by another coordinator ({owner or 'just gone'})"
                )
            yield confirm

    def owner(self, study: str) -> str | None:
        with self._connection("fastweights status") as connection:
            return self._owner(connection, study)

    def _owner(self, connection: "Connection", study: str) -> str | None:
        key = _key(study)
        return connection.exec_driver_sql(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
            f"AND l.classid::bigint = {key >> 32} AND l.objid::bigint = {key & 0xFFFFFFFF} "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).scalar()

    @contextmanager
    def _connection(self, name: str) -> "Iterator[Connection]":
        import sqlalchemy

        named = {**self._options["connect_args"], "application_name": name[:63]}
        options = {**self._options, "connect_args": named, "isolation_level": "AUTOCOMMIT"}
        with self.errors():
            engine = sqlalchemy.create_engine(self._url, **options)
            connection = engine.connect()
        try:
            yield connection
        finally:
            connection.close()
            engine.dispose()


def database_at(url: str) -> Storage:
    """The database at a URL.

    Raises: InvalidValueError for what is no URL, or names another kind of database;
    StudyError if PostgreSQL is named and psycopg is not installed.
    """
    import importlib.util

    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Not shown: what cannot be parsed may hold a password.
        raise InvalidValueError(f"the storage is no URL; {_EXPECTED}") from None
    if parsed.drivername == "sqlite":
        file = parsed.database or ""
        if parsed.query or parsed.host or not file or file.startswith((":", "file:")) or "\0" in file:
            raise InvalidValueError(
                f"expected a file for SQLite, as in sqlite:///FILE; got {printable(parsed)}"
            )
        return SQLite(parsed)
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        if not parsed.database:
            raise InvalidValueError(f"the storage names no database; {_EXPECTED}")
        if importlib.util.find_spec("psycopg") is None:
            raise StudyError("PostgreSQL needs psycopg: pip install 'fastweights[postgres]'")
        return PostgreSQL(parsed.set(drivername="postgresql+psycopg"))
    raise InvalidValueError(f"unknown kind of storage {parsed.drivername!r:.60}; {_EXPECTED}")


def _key(study: str) -> int:
    """A number of 63 bits for PostgreSQL's advisory locks."""
    return int.from_bytes(hashlib.sha256(f"fastweights {study}".encode()).digest()[:8]) >> 1
