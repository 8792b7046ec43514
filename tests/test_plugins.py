"""Plugins: what a file or a package is recorded as, how it is found, and what is said when it is not there."""

import importlib
import logging
import sys

import pytest

from astrocnn import plugins
from astrocnn.cli.doctor_checks import plugins as doctor
from astrocnn.errors import PipelineFileError, StoreError, UnknownName
from astrocnn.networks import registry
from astrocnn.pipeline.registry import stage_named, stage_names
from astrocnn.plugins import Plugin, load_plugin, require_plugins

NETWORK = '''
from typing import ClassVar
from astrocnn.networks.base import Network
from astrocnn.networks.registry import register

__version__ = "2.1"

@register
class One(Network):
    """A network from outside."""

    name: ClassVar[str] = "{name}"
    paper: ClassVar[str] = "none"
    sizes: ClassVar[tuple[int, int]] = (8, 64)

    def connect(self, inputs, outputs, initialisers):
        return inputs
'''
POINTS = "[astrocnn.networks]\n{name} = {top}.nets:One\n"


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    """Networks, modules and what is known of installed packages are those of before."""
    registry.names()  # the zoo is loaded once
    networks, modules = dict(registry._NETWORKS), set(sys.modules)
    yield
    registry._NETWORKS.clear()
    registry._NETWORKS.update(networks)
    for name in set(sys.modules) - modules:
        if name.partition(".")[0].startswith(("outside_", "astrocnn_plugin_")):
            del sys.modules[name]
    monkeypatch.undo()
    plugins.points.cache_clear()
    plugins._installed.cache_clear()


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(top, points=..., source=...): lay out a package as pip does; returns its folder."""

    def lay_out(top, name="from-outside", points=POINTS, source=NETWORK, version="1.4"):
        site = tmp_path / "site"
        package, info = site / top, site / f"{top}-{version}.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "nets.py").write_text(source.replace("{name}", name))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {top.replace('_', '-')}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(points.format(name=name, top=top))
        monkeypatch.syspath_prepend(str(site))
        plugins.points.cache_clear()
        plugins._installed.cache_clear()
        return package

    return lay_out


def write_file(folder, name="net.py", network="of-a-file"):
    path = folder / name
    path.write_text(NETWORK.replace("{name}", network))
    return path


def test_a_file_is_recorded_by_name_version_and_hash(tmp_path):
    plugin = load_plugin(write_file(tmp_path))
    assert (plugin.kind, plugin.name, plugin.version, len(plugin.sha256)) == ("file", "net.py", "2.1", 64)
    assert registry.plugin_of("of-a-file") == plugin
    assert "path" not in plugin.model_dump(), "where it lay is not recorded"
    assert registry.plugin_of("deeplens") is None


def test_a_package_is_found_without_being_imported(install):
    install("outside_a")
    assert "from-outside" in registry.names()
    (plugin,) = plugins.installed_plugins()
    assert (plugin.kind, plugin.name, plugin.version) == ("package", "outside-a", "1.4")
    assert "outside_a" not in sys.modules
    assert registry.get("from-outside").summary() == "A network from outside."
    assert registry.plugin_of("from-outside") == plugin
    assert registry.configure("from-outside").sizes == (8, 64)


def test_the_hash_of_a_package_is_that_of_its_files(install):
    package = install("outside_b")

    def digest():
        plugins._installed.cache_clear()
        return plugins.installed_plugins()[0].sha256

    before = digest()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "nets.pyc").write_bytes(b"compiled")
    assert digest() == before
    (package / "table.json").write_text("[1]")
    with_table = digest()
    assert with_table != before
    (package / "table.json").rename(package / "other.json")
    assert digest() not in (before, with_table)


@pytest.mark.parametrize(
    ("points", "source", "message"),
    [
        (POINTS, "import nowhere", r"package outside-c: from-outside cannot be loaded: ModuleNotFoundError.*pip unin"),
        (POINTS, "raise SystemError('no')", "cannot be loaded: SystemError: no"),
        (POINTS, "", "cannot be loaded: AttributeError"),
        (
            POINTS,
            "One = 5",
            "something else.*a subclass of Network whose `name` is 'from-outside'.*received 5",
        ),
        (POINTS, NETWORK.replace("{name}", "other"), "leads to something else"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_told(install, points, source, message):
    install("outside_c", points=points, source=source)
    with pytest.raises(PipelineFileError, match=message):
        registry.get("from-outside")
    registry.get("deeplens")
    told = list(doctor(None))
    assert (told[0].subject, told[0].level) == ("plugins", "ok")
    if "cannot be loaded" in message:
        assert "outside-c: from-outside cannot be loaded" in told[1].text
        assert "pip uninstall outside-c" in told[1].next_step


def test_a_network_of_a_name_that_is_taken_is_refused(install):
    install("outside_d", name="deeplens")
    with pytest.raises(PipelineFileError, match=r"two networks have one name.*astrocnn.*outside_d"):
        registry.get("deeplens")


def test_two_packages_with_one_name_are_told(install):
    install("outside_e")
    install("outside_f")
    with pytest.raises(PipelineFileError, match=r"two packages add from-outside.*outside-[ef] and outside-[ef]"):
        registry.names()
    (told,) = doctor(None)
    assert (told.level, "two packages add from-outside" in told.text) == ("problem", True)


def test_stages_of_packages_are_found_by_the_name_of_their_entry_point(install):
    source = (
        "from astrocnn.pipeline.stage import Stage, StageParameters\n"
        "class Odd(Stage[StageParameters]):\n    use, produces = 'odd', 'SampleSet'\nSTAGE = Odd()\n"
    )
    install("outside_g", name="odd", points="[astrocnn.stages]\n{name} = {top}.nets:STAGE\n", source=source)
    from astrocnn.pipeline import registry as stages

    stages._stages_found.cache_clear()
    try:
        assert "odd" in stage_names()
        assert plugins.plugin_of(type(stage_named("odd")).__module__).name == "outside-g"
    finally:
        stages._stages_found.cache_clear()


def wanted(kind, name, version="1.0", sha256="0" * 64):
    return Plugin(kind=kind, name=name, version=version, sha256=sha256)


@pytest.mark.parametrize(
    ("plugin", "cure"),
    [
        (wanted("package", "lens-zoo"), "install it: pip install lens-zoo==1.0"),
        (wanted("file", "rings.py"), r"plugins: \[rings.py\].*--set 'plugins=\[rings.py\]'.*load_plugin"),
        (wanted("module", "notebook"), "import notebook first"),
    ],
)
def test_a_plugin_that_is_not_there_is_named_with_its_cure(plugin, cure):
    with pytest.raises(StoreError, match=rf"finder: needs a plugin.*{plugin.name} 1\.0 \(sha256 0{{64}}\).*{cure}"):
        require_plugins([plugin], "finder")


def test_a_plugin_that_is_there_is_enough(install, tmp_path, caplog):
    install("outside_h")
    file = load_plugin(write_file(tmp_path))
    (package,) = plugins.installed_plugins()
    written_otherwise = package.model_copy(update={"name": "Outside_H"})
    renamed = file.model_copy(update={"name": "as-it-was-called.py"})
    require_plugins([file, package, written_otherwise, renamed], "finder")
    assert caplog.messages == []


def test_a_plugin_of_another_hash_is_worth_a_warning(tmp_path, caplog):
    there = load_plugin(write_file(tmp_path))
    with caplog.at_level(logging.WARNING):
        require_plugins([wanted("file", "net.py")], "finder")
    (message,) = caplog.messages
    assert message == f"finder: was made with net.py 1.0 (sha256 {'0' * 64}); what is there is {there}, and may differ"


def test_a_module_imported_by_hand_counts_as_one(tmp_path, monkeypatch):
    write_file(tmp_path, "outside_by_hand.py", "by-hand")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("outside_by_hand")
    plugin = registry.plugin_of("by-hand")
    assert (plugin.kind, plugin.name, plugin.version) == ("module", "outside_by_hand", "2.1")
    require_plugins([plugin], "finder")


def test_an_unknown_network_is_told_with_those_of_packages(install):
    install("outside_i")
    with pytest.raises(UnknownName, match="did you mean from-outside"):
        registry.get("from-outsid")
