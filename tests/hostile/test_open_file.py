"""What comes from outside: files are opened only if they are files, text reaches a terminal only as text."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastweights import files
from fastweights.errors import FileError, printable
from fastweights.files import open_file


def test_what_is_no_file_is_not_even_opened(tmp_path, monkeypatch):
    """Opening a device may do something."""
    os.mkfifo(tmp_path / "pipe")
    opened = []
    monkeypatch.setattr(files.os, "open", lambda *arguments: opened.append(arguments))
    with pytest.raises(FileError, match="it is not a file"):
        open_file(tmp_path / "pipe")
    assert not opened


def test_what_takes_the_place_of_a_file_meanwhile_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    before = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda path: before)
    handles = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileError, match="it is not a file"):
        open_file(tmp_path / "pipe")
    assert len(os.listdir("/proc/self/fd")) == handles


@given(st.text(), st.integers(10, 60))
def test_any_text_becomes_one_printable_line(text, most):
    shown = printable(text, most)
    assert shown.isprintable() and len(shown) <= most
    if text.isprintable() and len(text) <= most:
        assert shown == text


def test_what_a_terminal_obeys_is_written_out():
    assert printable("a\x1b[2J\r\n\u202eb") == r"a\x1b[2J\r\n\u202eb"
    assert printable("x" * 11, 10) == "xxxxxxx..."
