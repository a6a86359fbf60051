"""What surrounds the code: versions, paths, make targets, and the environment that make builds."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata, util
from pathlib import Path
from types import ModuleType

import pytest

import fastweights

ROOT = Path(__file__).parent.parent
TARGETS = (
    "help",
    "reproduce",
    "test",
    "bench",
    "docs",
    "paper",
    "slides",
    "explorer",
    "networks",
    "lint",
    "format",
    "constraints",
    "clean",
)


@pytest.fixture
def make_venv() -> ModuleType:
    """The script that makes .venv, as a fresh module."""
    spec = util.spec_from_file_location("make_venv", ROOT / "tools" / "make_venv.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pip_wheel(tmp_path: Path) -> Path:
    """A folder with pip's wheel where Debian keeps it, packed from the pip that runs here."""
    pip = metadata.distribution("pip")
    wheel = tmp_path / "root" / f"usr/share/python-wheels/pip-{pip.version}-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in pip.files or ():
            if file.parts[0] != ".." and file.suffix != ".pyc":
                archive.write(str(file.locate()), str(file))
    return tmp_path / "root"


def tracked() -> list[Path]:
    """Every file that git tracks or would track; without git, all that the source archive holds."""
    if (ROOT / ".git").exists():
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not {".venv", "__pycache__"} & set(path.parts)]
    return [path for path in paths if path.is_file()]


def works(folder: Path) -> bool:
    """Whether the environment has a pip of its own."""
    command = [folder / "bin" / "python", "-m", "pip", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and str(folder) in answer.stdout


def test_one_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d.*?)\]", changelog, re.MULTILINE)[0]
    cited = re.findall(r"^version: (.*)$", citation, re.MULTILINE)
    assert [newest, *cited] == [fastweights.__version__] * 2
    assert metadata.version("fastweights") == fastweights.__version__


def test_no_file_names_the_machine_it_was_written_on() -> None:
    # Written so that this file does not match itself.
    place = re.compile(rb"(?<![\w.~$})])/" + rb"(work|root)/", re.IGNORECASE)
    paths = tracked()
    assert ROOT / "pyproject.toml" in paths
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if place.search(line) and b"\0" not in line
    ]
    assert offenders == []


def test_type_checkers_may_read_the_annotations() -> None:
    """The marker of PEP 561 stands in the package, and hatchling packs the whole package."""
    assert (Path(fastweights.__file__).parent / "py.typed").read_bytes() == b""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["src/fastweights"]}
    assert "Typing :: Typed" in settings["project"]["classifiers"]


@pytest.mark.slow
def test_the_wheel_holds_what_the_package_holds(tmp_path: Path) -> None:
    """Also kernels, templates and the marker of PEP 561; the build needs the network."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", str(ROOT), "-w", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("fastweights-*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("fastweights/")}
    package = ROOT / "src" / "fastweights"
    files = {f"fastweights/{path.relative_to(package)}" for path in tracked() if package in path.parents}
    assert packed == files
    assert {"fastweights/py.typed", "fastweights/native/kernels/kernels.cc"} <= packed


def test_the_hosted_workflow_calls_what_is_called_here() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.search(r"^ +- run: \.ci/run$", workflow, re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_make_lists_its_targets() -> None:
    def make(*targets: str) -> str:
        command = ["make", "-C", str(ROOT), *targets]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    listed = re.findall(r"^  ([a-z]+) +\S", make("help"), re.MULTILINE)
    assert listed == list(TARGETS)
    assert make() == make("help")


@pytest.mark.parametrize("python", ["", "python-that-is-not-there"])
def test_make_says_in_one_line_that_python_is_missing(python: str, tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "tools"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = ["make", "-C", str(tmp_path), "reproduce", f"PYTHON={python}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert len([line for line in answer.stderr.splitlines() if not line.startswith("make")]) == 1
    assert not (tmp_path / ".venv").exists()


@pytest.mark.thorough
def test_environment_without_ensurepip(
    make_venv: ModuleType, pip_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a Debian without python3-venv: the wheel that the system keeps becomes the environment's pip."""
    from_wheel = make_venv.from_wheel
    monkeypatch.setattr(make_venv, "from_ensurepip", lambda python: False)
    monkeypatch.setattr(make_venv, "from_wheel", lambda python: from_wheel(python, pip_wheel))
    folder = tmp_path / "environment"
    make_venv.main(folder)
    assert works(folder)
    marker = folder / "marker"
    marker.touch()
    make_venv.main(folder)
    assert marker.exists(), "an environment that works was made anew"


def test_environment_is_removed_when_there_is_no_pip(
    make_venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in ("from_ensurepip", "from_wheel", "from_other_pip", "from_debian_package"):
        monkeypatch.setattr(make_venv, source, lambda python: False)
    with pytest.raises(SystemExit, match="install the package python3-venv") as error:
        make_venv.main(tmp_path / "environment")
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_environment_does_not_replace_other_folders(make_venv: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(SystemExit, match="is not a virtual environment"):
        make_venv.main(tmp_path)
    assert (tmp_path / "precious").exists()


@pytest.mark.slow
@pytest.mark.parametrize("source", ["from_ensurepip", "from_other_pip", "from_debian_package"])
def test_other_sources_of_pip(
    make_venv: ModuleType, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each source alone makes an environment, and mends one that lost its pip; two need the network."""
    if source == "from_debian_package" and not shutil.which("apt-get"):
        pytest.skip("not a Debian: there is no apt-get")
    unpacked = make_venv.from_wheel
    for other in {"from_ensurepip", "from_other_pip", "from_debian_package"} - {source}:
        monkeypatch.setattr(make_venv, other, lambda python: False)
    monkeypatch.setattr(make_venv, "from_wheel", lambda python, root=None: root and unpacked(python, root))
    folder = tmp_path / "environment"
    for _ in range(2):
        make_venv.main(folder)
        assert works(folder)
        shutil.rmtree(next(folder.glob("lib/*/site-packages/pip")))


def test_old_pythons_are_told_so(
    make_venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_venv, "NEEDED", (99, 0))
    message = rf"Python 99\.0 or later is needed; this is {re.escape(sys.version.split()[0])}"
    with pytest.raises(SystemExit, match=message):
        make_venv.main(tmp_path / "environment")
