"""The command line, run as users run it; plugins are real distributions, written to a folder on the path."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from lumix.commands import aligned, main

HOOKS = """
from lumix_core.plugins.hookspecs import hookimpl

@hookimpl
def lumix_row_adapters(register):
    register("tiny", "lumix_acme.tiny:Adapter", requires="lumix_acme", install="pip install lumix-acme")

@hookimpl
def lumix_solvers(register):
    register("acme", "lumix_acme.acme:Solver", requires="acme_native", install="pip install lumix-acme[native]")
"""


def write_distribution(site: Path, name: str, plugin: str) -> None:
    package = site / name.replace("-", "_")
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.py").write_text(plugin)
    metadata = write_metadata(site, name)
    entry_point = name.removeprefix("lumix-")
    (metadata / "entry_points.txt").write_text(f"[lumix]\n{entry_point} = {package.name}.plugin\n")


def write_metadata(site: Path, name: str) -> Path:
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    return folder


def link_package(package: str, folder: Path) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent
    for found in (source, source.with_name(f"{package}.libs")):
        if found.exists():
            (folder / found.name).symlink_to(found)


def run_lumix(
    *words: str, site: Path | None = None, only_site: bool = False, plugins: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m lumix`` with a folder on the path, or no other, and a value of LUMIX_PLUGINS."""
    environment = {name: value for name, value in os.environ.items() if name != "LUMIX_PLUGINS"}
    if plugins is not None:
        environment["LUMIX_PLUGINS"] = plugins
    if site is not None:
        before = "" if only_site else os.environ.get("PYTHONPATH", "")
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), before]))
    command = [sys.executable, *(["-S"] if only_site else []), "-m", "lumix", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_the_list_shows_each_plugin_with_its_state_and_what_to_do(tmp_path: Path) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS)
    write_distribution(tmp_path, "lumix-broken", "import acme_native")

    done = run_lumix("plugins", site=tmp_path, plugins="acme,broken")

    assert done.stdout.splitlines() == [
        "kind         name    plugin  distribution  version  state          reason",
        "plugin       broken  broken  lumix-broken  1.0      broken         "
        "ModuleNotFoundError: No module named 'acme_native'",
        "row adapter  tiny    acme    lumix-acme    1.0      ready",
        "solver       acme    acme    lumix-acme    1.0      not installed  "
        "package 'acme_native' is missing; run: pip install lumix-acme[native]",
    ]
    assert done.stderr == ""
    assert done.returncode == 0


def test_our_own_plugins_are_listed() -> None:
    done = run_lumix("plugins")

    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert f"row adapter sqlalchemy sqlalchemy lumix-sqlalchemy {version('lumix-sqlalchemy')} ready" in lines
    assert f"solver highs solvers lumix-solvers {version('lumix-solvers')} ready" in lines
    assert f"solver pulp solvers lumix-solvers {version('lumix-solvers')} ready" in lines


def test_libraries_outside_of_what_was_tested_are_named(tmp_path: Path) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS)
    with (tmp_path / "lumix_acme-1.0.dist-info" / "METADATA").open("a") as metadata:
        metadata.write(
            "Requires-Dist: pluggy>=1.5,<2\n"
            "Requires-Dist: no-such-library<1\n"
            "Provides-Extra: native\n"
            "Requires-Dist: numpy<1,>=0.9; extra == 'native'\n"
            "Requires-Dist: cloudpickle<1; python_version < '3'\n"
        )

    done = run_lumix("plugins", site=tmp_path, plugins="acme")

    assert done.stderr == (
        f"Warning: numpy {version('numpy')} is installed, and lumix-acme 1.0 is tested with <1,>=0.9. It may give "
        f'other results, or none. Install a version that is tested: pip install "numpy<1,>=0.9"\n'
    )
    assert done.stdout.startswith("kind ")
    assert done.returncode == 0


def test_requirements_and_versions_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS)
    write_distribution(tmp_path, "odd", "")
    with (tmp_path / "lumix_acme-1.0.dist-info" / "METADATA").open("a") as metadata:
        metadata.write("Requires-Dist: not a requirement!\nRequires-Dist: odd>=2\n")
    (tmp_path / "odd-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: our-own\n")

    done = run_lumix("plugins", site=tmp_path, plugins="acme")

    first, second = done.stderr.splitlines()
    assert first == "Warning: lumix-acme 1.0 asks for 'not a requirement!', which cannot be read. Upgrade lumix-acme."
    assert second.startswith("Warning: odd our-own is installed, and lumix-acme 1.0 is tested with >=2.")
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("entry_points.txt", "[lumix]\nwithout a value\n", "plugin ? ? lumix-acme 1.0 broken"),
        ("METADATA", "", "row adapter tiny acme an unnamed distribution ? ready"),
    ],
)
def test_a_distribution_whose_metadata_cannot_be_read_is_a_line_of_the_table(
    tmp_path: Path, file: str, text: str, words: str
) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS)
    (tmp_path / "lumix_acme-1.0.dist-info" / file).write_text(text)

    done = run_lumix("plugins", site=tmp_path)

    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith(words) for line in lines)
    assert f"solver highs solvers lumix-solvers {version('lumix-solvers')} ready" in lines
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def test_this_environment_is_one_that_is_tested() -> None:
    done = run_lumix("plugins")

    assert done.stderr == ""


def test_a_plugin_that_breaks_the_rules_is_a_line_of_the_table(tmp_path: Path) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS.replace("def lumix_solvers", "def lumix_solver"))

    done = run_lumix("plugins", site=tmp_path)

    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert (
        "plugin acme acme lumix-acme 1.0 broken it has the hook 'lumix_solver', which does not exist, so LumiX would "
        "never call it. The hooks are 'lumix_row_adapters', 'lumix_solvers'. Did you mean 'lumix_solvers'?"
    ) in lines
    assert f"solver highs solvers lumix-solvers {version('lumix-solvers')} ready" in lines
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_variable_that_names_an_unknown_plugin_is_told_below_the_table(tmp_path: Path) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS)

    done = run_lumix("plugins", site=tmp_path, plugins="acme,acne")

    assert [line.split()[0:3] for line in done.stdout.splitlines()[1:]] == [
        ["row", "adapter", "tiny"],
        ["solver", "acme", "acme"],
    ]
    assert done.stderr.startswith("LUMIX_PLUGINS names 'acne', but no installed distribution brings such a plugin.")
    assert done.returncode == 1


CHECKED = {
    "good": ("", "ready", ""),
    "raising": ("raise ValueError('two\\nlines')", "broken", "ValueError: two lines"),
    "crashing": ("import os; os.abort()", "broken", "its process ended with signal 6"),
    "lacking": ("import no_such_library", "broken", "No module named 'no_such_library'"),
}
SOLVER = """
class Solver:
    name = "any"
    features = frozenset()
    def is_available(self): return True
    def solve(self, problem, options): raise NotImplementedError
"""


@pytest.mark.parametrize(
    "name", ["crashing", *(pytest.param(name, marks=pytest.mark.thorough) for name in CHECKED if name != "crashing")]
)
def test_check_makes_each_of_them_in_a_process_of_its_own(tmp_path: Path, name: str) -> None:
    start, state, reason = CHECKED[name]
    hooks = (
        HOOKS.replace("acme_native", "lumix_acme")
        .replace("def lumix_row_adapters", "def none")
        .replace("@hookimpl\ndef none", "def none")
    )
    write_distribution(tmp_path, "lumix-acme", hooks)
    (tmp_path / "lumix_acme" / "acme.py").write_text(f"{start}\n{SOLVER}")

    unchecked = run_lumix("plugins", site=tmp_path, plugins="acme,solvers")
    done = run_lumix("plugins", "--check", site=tmp_path, plugins="acme,solvers")

    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith(f"solver acme acme lumix-acme 1.0 {state}") and reason in line for line in lines)
    assert f"solver highs solvers lumix-solvers {version('lumix-solvers')} ready" in lines
    assert "Traceback" not in done.stdout + done.stderr
    assert (unchecked.returncode, done.returncode) == (0, int(state == "broken"))


def test_check_names_an_adapter_that_cannot_be_made(tmp_path: Path) -> None:
    write_distribution(tmp_path, "lumix-acme", HOOKS)
    (tmp_path / "lumix_acme" / "tiny.py").write_text("class Adapter:\n    name = 'tiny'\n")

    done = run_lumix("plugins", "--check", site=tmp_path, plugins="acme")

    assert "makes an object without 'owns', 'is_handle'" in done.stdout
    assert done.returncode == 1


def test_without_plugins_because_of_the_variable_the_list_says_so() -> None:
    done = run_lumix("plugins", plugins="")

    assert done.stdout == (
        "No row adapter and no solver is loaded, since the environment variable LUMIX_PLUGINS is ''. "
        "Unset it to load every plugin.\n"
    )
    assert done.returncode == 0


def test_without_any_plugin_the_list_says_what_to_install(tmp_path: Path) -> None:
    for package in ("lumix", "lumix_core", "numpy", "pluggy", "cloudpickle", "packaging"):
        link_package(package, tmp_path)
    write_metadata(tmp_path, "lumix-modeling")

    done = run_lumix("plugins", site=tmp_path, only_site=True)

    assert done.stdout == (
        'No row adapter and no solver is installed. Run: pip install "lumix-modeling[sqlalchemy,highs]"\n'
    )
    assert done.returncode == 0


def test_the_version_is_that_of_the_distribution() -> None:
    done = run_lumix("--version")

    assert done.stdout == f"lumix {version('lumix-modeling')}\n"
    assert done.returncode == 0


def test_help_names_the_commands() -> None:
    done = run_lumix("--help")

    assert "list the row adapters and solvers that are installed" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("words", [[], ["plugin"]])
def test_a_command_that_does_not_exist_is_a_usage_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)

    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: lumix")


def test_main_returns_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["plugins"])

    assert status == 0
    assert capsys.readouterr().out.startswith("kind ")


def test_columns_are_as_wide_as_their_widest_word() -> None:
    table = aligned([("a", "bcd", ""), ("efgh", "i", "j")])

    assert table == "a     bcd\nefgh  i    j"
