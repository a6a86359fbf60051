"""Loading never runs code: what Python's audit hooks see while a model, good or bad, is loaded."""

import json
import os
import pickle
import subprocess
import sys

from hostile.crafted import SPECIFICATIONS, put_together, save, sign, take_apart
from hostile.mutations import NASTY_VALUES

WATCH = """
import json, os, sys
from pathlib import Path
import fastweights as fw
from fastweights.errors import FastweightsError

first, *others = map(Path, sys.argv[1:])
fw.load_model(first)  # what is imported and compiled for the first of its kind is done
seen = []
watching = False
allowed_paths = {str(path) for path in (first, *others)}

def hook(event, arguments):
    if not watching or event.startswith(("object.__getattr__", "sys._getframe", "gc.", "builtins.id")):
        return
    # A number is the handle of a file that was opened before; of its flags none may write or create.
    mine = event == "open" and (isinstance(arguments[0], int) or str(arguments[0]) in allowed_paths)
    if mine and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        return
    seen.append([event, repr(arguments)[:200]])

sys.addaudithook(hook)
ends = []
for path in (first, *others):
    watching = True
    try:
        fw.load_model(path)
        end = "loaded"
    except FastweightsError as error:
        end = "refused"
    watching = False
    ends.append(end)
print(json.dumps({"seen": seen, "ends": ends}))
"""


def test_nothing_is_run_imported_written_or_sent(tmp_path):
    good = save(tmp_path / "good", SPECIFICATIONS[0])
    paths = [tmp_path / "good"]
    for i, value in enumerate(NASTY_VALUES):
        header, data = take_apart(good)
        header["__metadata__"]["fastweights"]["specification"]["model"]["name"] = value
        try:
            sign(header, data)
            content = put_together(header, data)
        except UnicodeEncodeError:
            continue
        paths.append(tmp_path / f"bad{i}")
        paths[-1].write_bytes(content)

    class Owned:
        def __reduce__(self):
            return os.system, ("touch owned",)

    for name, content in (("pickle", pickle.dumps(Owned())), ("python", b"import os\nos.system('id')\n")):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    before = sorted(tmp_path.iterdir())
    command = [sys.executable, "-c", WATCH, *map(str, paths)]
    printed = subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, timeout=100).stdout
    report = json.loads(printed)
    assert report["seen"] == []
    assert report["ends"][0] == "loaded" and report["ends"].count("refused") >= len(paths) - 3
    assert sorted(tmp_path.iterdir()) == before
