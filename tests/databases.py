"""A real PostgreSQL for the tests: on a temporary folder and a free port of this machine, gone with them."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from processes import wait_until

MISSING = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
# Ends the server when its standard input closes: with the tests, however they end. At once: nobody needs
# the data any more.
_GUARDED = '"$0" "$@" & server=$!; read -r _; kill -QUIT $server; wait $server'


def program(name: str) -> str | None:
    """One of PostgreSQL's programs, which Debian keeps off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(p / name) for p in places if (p / name).exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """Makes an empty database of a running server and gives its URL."""
    initdb, postgres, createdb = program("initdb"), program("postgres"), program("createdb")
    if not (initdb and postgres and createdb):
        if os.environ.get("FASTWEIGHTS_TEST_ALL"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="fastweights-postgresql-"))
    who = _unprivileged(folder)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder}
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "tester", "--auth=trust", "--no-sync"],
        check=True,
        **quiet,
        **who,
    )
    for _ in range(3):  # somebody may take the port before the server does
        port = _free_port()
        server = _start(postgres, folder, port, quiet | who)
        with contextlib.suppress(AssertionError):
            wait_until(partial(_answers, folder, port), 40)
            break
        server.stdin.close()
        server.wait(30)
    else:
        pytest.fail((folder / "log").read_text())
    try:
        numbers = count()

        def make() -> str:
            name = f"test{next(numbers)}"
            command = [createdb, "-h", folder, "-p", str(port), "-U", "tester", name]
            wait_until(lambda: subprocess.run(command, capture_output=True).returncode == 0)
            return f"postgresql://tester:secret@127.0.0.1:{port}/{name}"

        yield make
    finally:
        server.stdin.close()
        server.wait(30)
        shutil.rmtree(folder)


# A journal has files of its own, and a database is one of two: the other one's tests are thorough.
@pytest.fixture(params=["journal", pytest.param("sqlite", marks=pytest.mark.thorough), "postgresql"])
def storage_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str | None:
    """A new storage of each kind: a URL, or None for the journal in the study's folder."""
    if request.param == "journal":
        return None
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/studies.db"
    return request.getfixturevalue("postgresql")()


def _unprivileged(folder: Path) -> dict[str, object]:
    """PostgreSQL refuses to run as root: the user that it runs as instead, who gets the folder."""
    if os.getuid() != 0:
        return {}
    user = next(
        name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}
    )
    shutil.chown(folder, user)
    return {"user": user}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(postgres: str, folder: Path, port: int, how: dict) -> subprocess.Popen:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "port": port,
        "fsync": "off",
    }
    options = [f"-c{name}={value}" for name, value in settings.items()]
    command = ["sh", "-c", _GUARDED, postgres, "-D", folder / "data", *options]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log, **how)


def _answers(folder: Path, port: int) -> bool:
    if not (folder / f".s.PGSQL.{port}").exists():
        return False
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
