"""Plugins: files and modules that register something, known by their names and digests."""

import hashlib
import pickle
import sys

import pytest

from fastweights import plugins, registry
from fastweights.plugins import PluginError, load_all, load_plugin, loaded, owner, require
from plugins.isolation import nothing_loaded

CHECK = """
from fastweights.registry import register_check
from fastweights.theory.check import Check

@register_check("{name}", source="{source}")
class Remembered(Check):
    statement = "Nothing."
    size: "int" = 3

    def examine(self):
        raise NotImplementedError
"""


@pytest.fixture(autouse=True)
def alone():
    with nothing_loaded():
        yield


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my memory.py"
    path.write_text(CHECK.format(name="from-a-file", source="first"))
    return path


def test_a_file_is_known_by_its_name_and_digest(file):
    plugin = load_plugin(file)
    assert plugin.name == "my memory.py"
    assert plugin.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert loaded() == (plugin,)
    assert registry.checks.plugin("from-a-file") == plugin
    assert registry.checks.plugin("rank-bound") is None
    assert str(plugin) == f"my memory.py (sha256 {plugin.sha256[:8]}…)"
    cls = registry.checks["from-a-file"]
    assert pickle.loads(pickle.dumps(cls(5))) == cls(5)


def test_the_same_file_again_does_nothing_and_a_changed_one_replaces_it(file):
    first = load_plugin(str(file))
    cls = registry.checks["from-a-file"]
    assert load_plugin(file) is first
    assert registry.checks["from-a-file"] is cls
    file.write_text(CHECK.format(name="from-a-file", source="second"))
    second = load_plugin(file)
    assert loaded() == (second,)
    assert registry.checks.source("from-a-file") == "second"
    file.write_text("1 / 0")
    with pytest.raises(PluginError, match=r"my memory.py: line 1: ZeroDivisionError: division by zero"):
        load_plugin(file)
    assert loaded() == (second,)
    assert sys.modules[second.module].Remembered is registry.checks["from-a-file"]


def test_what_a_plugin_prints_while_it_is_loaded_does_not_mix_with_json(file, package, capsys):
    for path in (file, package / "inner.py"):
        path.write_text("print('loading')")
    load_plugin(file)
    load_plugin("my_package")
    assert capsys.readouterr() == ("", "loading\nloading\n")


def test_two_files_of_one_name_are_refused_unless_they_are_the_same(file, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / file.name
    other.write_bytes(file.read_bytes())
    assert load_plugin(file) is load_plugin(other)
    other.write_text("x = 1")
    with pytest.raises(PluginError, match="one of the same name is loaded"):
        load_plugin(other)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def (", "broken.py: line 1: SyntaxError"),
        ("\nimport no_such_module_at_all", "broken.py: line 2: ModuleNotFoundError"),
        ("raise SystemExit(3)", "broken.py: line 1: SystemExit: 3"),
        (CHECK.format(name="rank-bound", source=""), "line 5: the check name 'rank-bound' is taken by"),
        ("\0", "broken.py: .*null bytes"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(text, message, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=message) as caught:
        load_plugin(path)
    assert "\n" not in str(caught.value)
    assert loaded() == ()
    with pytest.raises(PluginError, match=r"cannot read the plugin .*nowhere.py: No such file"):
        load_plugin(tmp_path / "nowhere.py")


def test_another_process_loads_the_content_that_was_sent(file, monkeypatch):
    sent = pickle.dumps((load_plugin(file),))
    file.unlink()
    monkeypatch.setattr(plugins, "_loaded", {})
    del sys.modules["fastweights_plugin_my_memory"]
    monkeypatch.delitem(registry.checks._entries, "from-a-file")
    load_all(pickle.loads(sent))
    assert registry.checks["from-a-file"]().size == 3
    assert loaded() == pickle.loads(sent)


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "my_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("from my_package import inner")
    (folder / "inner.py").write_text(CHECK.format(name="from-a-package", source="a package"))
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_package_is_known_by_all_of_its_files(package, monkeypatch):
    plugin = load_plugin("my_package")
    assert plugin.name == "my_package"
    assert plugin.content is None
    assert registry.checks.plugin("from-a-package") == plugin
    assert owner("my_package_too") is None
    load_all([plugin])
    monkeypatch.setattr(plugins, "_loaded", {})
    (package / "inner.py").write_text("# changed")
    with pytest.raises(PluginError, match="this machine has another version of the plugin my_package"):
        load_all([plugin])


def test_a_module_of_a_package(package):
    plugin = load_plugin("my_package.inner")
    assert plugin.sha256 == hashlib.sha256((package / "inner.py").read_bytes()).hexdigest()
    assert registry.checks.plugin("from-a-package") == plugin


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_package.cells", "there is no module 'no_such_package.cells'"),
        ("README.md", "there is no module 'README.md' to load as a plugin; a plugin file must end in .py"),
        ("my_package.nothing", "there is no module 'my_package.nothing'"),
        ("my_package.broken", "cannot load the plugin my_package.broken: .*No module named 'missing'"),
    ],
)
def test_a_module_that_cannot_be_imported(name, message, package):
    (package / "broken.py").write_text("import missing")
    with pytest.raises(PluginError, match=message):
        load_plugin(name)


def test_installed_packages_are_loaded_and_a_broken_one_only_warns(package, monkeypatch):
    (package / "broken.py").write_text("1 / 0")
    metadata = package.parent / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: mine\nVersion: 1.0\n")
    points = "broken = my_package.broken\ngood = my_package.inner:Remembered\n"
    (metadata / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{points}")
    monkeypatch.setattr(plugins, "_installed_are_loaded", False)
    with pytest.warns(RuntimeWarning, match=r"my_package.broken: line 1: ZeroDivisionError"):
        plugins.load_installed()
    assert [plugin.name for plugin in loaded()] == ["my_package.inner"]
    assert registry.checks.plugin("from-a-package") == loaded()[0]
    plugins.load_installed()  # nothing more happens: no second warning


def test_a_plugin_that_is_needed(file):
    missing = (
        r"the plugin my memory.py \(sha256 00000000…\), which is not loaded; add --plugin PATH/TO/my mem"
    )
    with pytest.raises(PluginError, match=missing):
        require([(file.name, "0" * 64)])
    plugin = load_plugin(file)
    require([(plugin.name, plugin.sha256)])
    with pytest.raises(PluginError, match=r"the plugin my memory.py \(sha256 00000000…\), but my memory.py "):
        require([(plugin.name, "0" * 64)])


def test_all_plugins_that_are_missing_are_named(file):
    plugin = load_plugin(file)
    needed = [("a.py", "1" * 64), (plugin.name, plugin.sha256), ("b.cells", "2" * 64)]
    with pytest.raises(PluginError) as caught:
        require(needed)
    assert str(caught.value) == (
        "the plugin a.py (sha256 11111111…), which is not loaded; add --plugin PATH/TO/a.py; "
        "and with the plugin b.cells (sha256 22222222…), which is not loaded; add --plugin b.cells"
    )
