"""Plugins: Python from outside the package that registers cells, tasks, memories, checks or papers.

A plugin is a file, or a module that can be imported. Only the user decides which are loaded: by `--plugin` on
the command line, by `load_plugin`, or by installing a package with an entry point in the group
`fastweights.plugins`. A checkpoint or a record names the plugins that it needs, and never loads one.
"""

import contextlib
import hashlib
import importlib
import re
import sys
import traceback
import types
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path

from fastweights.errors import FastweightsError, summarise_error

GROUP = "fastweights.plugins"
"""The group of entry points that are loaded in every process: `my-cells = "my_package.cells"`."""


class PluginError(FastweightsError):
    """A plugin cannot be loaded, or is needed and not loaded."""


@dataclass(frozen=True)
class Plugin:
    """What was loaded; it can be sent to another process, which loads it by `load_all`."""

    name: str
    """The file's name without its folder, or the module's full name."""

    sha256: str
    """The digest of the file; for a package that of all its Python files."""

    module: str
    """The module that it became."""

    place: str
    """The file's path on the machine that loaded it first, for messages."""

    content: bytes | None = field(default=None, repr=False)
    """The file's content; None for a module, which every process imports by its name."""

    def __str__(self) -> str:
        return described(self.name, self.sha256)


_loaded: dict[str, Plugin] = {}
_installed_are_loaded = False


def load_plugin(plugin: str | Path) -> Plugin:
    """Load `folder/my_cell.py`, or the module `my_package.cells`. Loading the same again does nothing;
    loading a file that has changed replaces what it registered.

    A file is imported by itself: its folder does not join Python's path.

    Raises: PluginError if there is no such file or module, if it raises, or if another plugin of the same
    name is loaded.
    """
    text = str(plugin)
    if isinstance(plugin, Path) or text.endswith(".py") or "/" in text:
        path = Path(plugin).absolute()
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            raise PluginError(
                f"cannot read the plugin {text}: {getattr(error, 'strerror', None) or error}"
            ) from error
        module = f"fastweights_plugin_{re.sub(r'[^0-9a-zA-Z_]', '_', path.stem)}"
        digest = hashlib.sha256(content).hexdigest()
        return _load_file(Plugin(path.name, digest, module, str(path), content))
    return _load_module(text)


def load_all(plugins: Sequence[Plugin]) -> None:
    """Load what another process has loaded: files from their content, modules by their names.

    Raises: PluginError if one cannot be loaded, or a module differs from the other process's.
    """
    for plugin in plugins:
        here = _load_module(plugin.name) if plugin.content is None else _load_file(plugin)
        if here.sha256 != plugin.sha256:
            raise PluginError(f"this machine has another version of the plugin {plugin}: {here}")


def loaded() -> tuple[Plugin, ...]:
    """The plugins of this process, in the order of their loading: what a worker needs."""
    return tuple(_loaded.values())


def load_installed() -> None:
    """Load the plugins of installed packages, once. One that fails warns, and leaves the others alone."""
    global _installed_are_loaded
    if _installed_are_loaded:
        return
    _installed_are_loaded = True
    for entry in entry_points(group=GROUP):
        try:
            _load_module(entry.module)
        except PluginError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=2)


def owner(module: str) -> Plugin | None:
    """The plugin that a module is, or is part of."""
    names = (name for name in _loaded if module == name or module.startswith(f"{name}."))
    return _loaded[longest] if (longest := max(names, key=len, default=None)) else None


def require(needed: Iterable[tuple[str, str]]) -> None:
    """Raise PluginError, which names all that are not, unless each of the plugins, given by name and digest,
    is loaded in this version."""
    missing = []
    for name, sha256 in needed:
        versions = {plugin.sha256: plugin for plugin in _loaded.values() if plugin.name == name}
        rest = f"which is not loaded; add --plugin {'PATH/TO/' if name.endswith('.py') else ''}{name}"
        for other in versions.values():
            rest = f"but {other} is loaded; use the file that it was trained with, or train again"
        if sha256 not in versions:
            missing.append(f"the plugin {described(name, sha256)}, {rest}")
    if missing:
        raise PluginError("; and with ".join(missing))


def place_in(error: BaseException) -> str | None:
    """`my_gru.py, line 12`: the last line of a plugin's that led to the error; None if none did."""
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if (plugin := owner(frame.f_globals.get("__name__", ""))) is not None:
            place = f"{plugin.name}, line {line}"
    return place


def described(name: str, sha256: str) -> str:
    """`my_gru.py (sha256 01234567…)`."""
    return f"{name} (sha256 {sha256[:8]}…)"


def digest_of_files(folder: Path, files: Iterable[Path]) -> str:
    """The SHA-256 of the files' names within the folder, lengths and contents, in this order."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _load_file(plugin: Plugin) -> Plugin:
    known = _loaded.get(plugin.module)
    if known is not None:
        if known.sha256 == plugin.sha256:
            return known
        if known.place != plugin.place:
            raise PluginError(
                f"cannot load the plugin {plugin.place}: one of the same name is loaded, {known.place}"
            )
    module = types.ModuleType(plugin.module)
    module.__file__ = plugin.place
    # Dataclasses, pickle and jaxtyping look modules up by name.
    sys.modules[plugin.module], before = module, sys.modules.get(plugin.module)
    _loaded[plugin.module] = plugin
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what a command prints may be JSON
            exec(compile(plugin.content or b"", plugin.place, "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[plugin.module], _loaded[plugin.module]
        if known is not None and before is not None:
            sys.modules[plugin.module], _loaded[plugin.module] = before, known
        raise PluginError(f"cannot load the plugin {plugin.name}: {_reason(error)}") from error
    return plugin


def _load_module(name: str) -> Plugin:
    if name in _loaded:
        return _loaded[name]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = importlib.import_module(name)
        place = module.__file__ or ""
        plugin = Plugin(name, _digest_of_module(module), name, place)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            raise PluginError(
                f"there is no module {name!r} to load as a plugin; a plugin file must end in .py"
            ) from error
        raise PluginError(f"cannot load the plugin {name}: {_reason(error)}") from error
    _loaded[name] = plugin
    return plugin


def _digest_of_module(module: types.ModuleType) -> str:
    if not module.__file__:
        raise PluginError("it is a namespace without a file")
    file = Path(module.__file__)
    if not hasattr(module, "__path__"):
        return hashlib.sha256(file.read_bytes()).hexdigest()
    return digest_of_files(file.parent, sorted(file.parent.rglob("*.py")))


def _reason(error: BaseException) -> str:
    """The last line of a traceback, after the line of the plugin that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if not re.search("importlib|<frozen", frame.filename)][1:2]
    if isinstance(error, SyntaxError) and not lines:
        lines = [error.lineno]
    where = f"line {lines[0]}: " if lines else ""
    if isinstance(error, FastweightsError):
        return f"{where}{error}"
    return where + summarise_error(error)
