"""Atomic writing: what is replaced keeps its link, its mode and its owner, and only files are replaced."""

import os
import stat
from pathlib import Path

import pytest

from fastweights.errors import FileError
from fastweights.files import check_writable, remove_leftovers, write_atomically


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path, exists):
    (tmp_path / "elsewhere").mkdir()
    target, link, chain = tmp_path / "elsewhere" / "target", tmp_path / "link", tmp_path / "chain"
    link.symlink_to(Path("elsewhere") / "target")
    chain.symlink_to(link)
    if exists:
        target.write_bytes(b"old")
    check_writable(chain)
    write_atomically(chain, b"new")
    assert target.read_bytes() == b"new"
    assert link.is_symlink() and chain.is_symlink() and not target.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["chain", "elsewhere", "link"]
    assert os.listdir(target.parent) == ["target"]


@pytest.mark.parametrize("bits", [0o600, 0o644, 0o640, 0o664, 0o755])
def test_a_replaced_file_keeps_its_mode(tmp_path, bits):
    path = tmp_path / "file"
    path.touch()
    path.chmod(bits)
    write_atomically(path, b"new")
    assert (mode(path), path.read_bytes()) == (bits, b"new")


@pytest.mark.parametrize(("umask", "bits"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_of_any_other(tmp_path, umask, bits):
    os.umask(umask)
    write_atomically(tmp_path / "file", b"new")
    assert mode(tmp_path / "file") == bits


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "file"
    path.touch()
    os.chown(path, 65534, 65533)
    write_atomically(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65533)


def _pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def _nameless(path: Path) -> None:
    handle = os.open(path.parent, os.O_TMPFILE | os.O_RDWR)
    path.symlink_to(f"/proc/self/fd/{handle}")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.symlink_to("/dev/null"), "it is not a file"),
        (_pipe, "it is not a file"),
        (_nameless, "it is not a file"),
        (Path.mkdir, "it is a folder"),
        (lambda path: path.symlink_to(path.parent), "it is a folder"),
        (lambda path: path.symlink_to(path), "symbolic link"),
        (lambda path: path.symlink_to("missing/file"), "there is no folder"),
    ],
    ids=["device", "pipe", "no name", "folder", "link to a folder", "loop", "dangling"],
)
def test_what_is_no_file_is_refused_and_stays(tmp_path, make, words):
    path = tmp_path / "x"
    make(path)
    before = path.lstat()
    for attempt in (check_writable, lambda path: write_atomically(path, b"new")):
        with pytest.raises(FileError, match="cannot write") as raised:
            attempt(path)
        assert words in str(raised.value)
    assert os.path.samestat(path.lstat(), before)
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_standard_output_by_its_name_stays_a_device(tmp_path):
    """`--out /dev/stdout`, with a pipe behind it: the link is root's to destroy."""
    reading, writing = os.pipe()
    link = tmp_path / "stdout"
    link.symlink_to(f"/proc/self/fd/{writing}")
    with pytest.raises(FileError, match="it is not a file"):
        write_atomically(link, b"new")
    assert link.is_symlink()
    os.close(reading)
    os.close(writing)


def test_leftovers_of_a_kill_go_also_where_a_link_points(tmp_path):
    (tmp_path / "real").mkdir()
    link, longer = tmp_path / "file", tmp_path / "real" / ".file.more.01234567.tmp"
    link.symlink_to("real/file")
    leftover = tmp_path / "real" / ".file.01234567.tmp"
    leftover.touch()
    longer.touch()
    remove_leftovers(link)
    assert not leftover.exists()
    assert longer.exists()


def test_a_full_disk_leaves_the_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match="No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
