"""The benchmarks: LumiX's programs run, and build and write what is built and written by hand."""

from __future__ import annotations

import json
import math
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("resource", reason="memory is measured with a module that only Unix has")

BUILDING = Path(__file__).parents[2] / "benchmarks" / "building"
SWEEPS = BUILDING.parent / "whatif" / "sweeps.py"
WRITEBACK = BUILDING.parent / "writeback" / "writeback.py"
DRIVER_FLOOR, ARRAY_FLOOR = "floor: cursor, numpy, highspy", "floor: numpy, highspy"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "LUMIX_BENCH_DATA": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BUILDING,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def built(environment: dict[str, str], table: str, size: str, contender: str) -> dict[str, Any]:
    """What a worker printed; skips, with its reason, where the contender cannot run."""
    lines = run(environment, "worker.py", table, size, contender).splitlines()
    result: dict[str, Any] = json.loads(lines[-1].removeprefix("result: "))
    if "skipped" in result:
        pytest.skip(f"{contender}: {result['skipped']}")
    return result


def test_the_lot_sizing_model_of_the_guide_has_as_many_lines_as_the_tables_say() -> None:
    folder = BUILDING.parent / "lot_sizing"
    compare = runpy.run_path(str(folder / "compare.py"))
    programs = {
        "LumiX, rules": compare["rules_of_guide"](),
        "LumiX": compare["blocks_of_guide"]()[1],
        "linopy": compare["model_in"](folder / "with_linopy.py"),
        "PuLP": compare["model_in"](folder / "with_pulp.py"),
        "Pyomo": compare["model_in"](folder / "with_pyomo.py"),
        "JuMP": compare["model_in"](folder / "with_jump.jl"),
    }

    counted = {name: compare["counts"](code) for name, code in programs.items()}

    assert counted["LumiX, rules"][0] <= 20
    assert counted["LumiX"][0] <= 30
    guide = BUILDING.parents[1] / "docs" / "lot-sizing.md"
    for page in (folder / "README.md", guide):
        for name, (lines, tokens) in counted.items():
            assert f"| {name} | {lines} | {tokens} |" in page.read_text()


@pytest.mark.thorough
def test_a_plan_is_written_in_every_way(environment: dict[str, str]) -> None:
    printed = run(environment, str(WRITEBACK), "sqlite", "--rows", "300")

    lines = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("| ")]
    assert {"LumiX", "LumiX, columns of numpy", "LumiX, mappings", "SQLAlchemy, add_all and flush"} <= set(lines)


def test_a_sweep_is_written_in_every_way(environment: dict[str, str]) -> None:
    printed = run(environment, str(WRITEBACK.with_name("sweeps.py")), "sqlite", "--scenarios", "5", "--rows", "4")

    lines = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("| ")]
    assert {"LumiX", "LumiX, once more", "LumiX, a write-back for each scenario"} <= set(lines)


@pytest.mark.thorough
def test_a_sweep_is_solved_in_every_way(environment: dict[str, str]) -> None:
    printed = run(environment, str(SWEEPS), "--scenarios", "4", "--repeats", "1", "--sizes", "1k")

    lines = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("| ")]
    assert {"here", "1 process", "2 processes", "Dask, 1 worker", "Dask, 2 workers"} <= set(lines)


@pytest.mark.thorough
def test_a_plan_of_django_s_is_written_in_every_way(environment: dict[str, str]) -> None:
    printed = run(environment, str(WRITEBACK.with_name("writeback_django.py")), "sqlite", "--rows", "300")

    lines = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("| ")]
    assert {"LumiX", "LumiX, columns of numpy", "LumiX, mappings", "Django, bulk_create"} <= set(lines)


@pytest.mark.thorough
@pytest.mark.parametrize("contender", ["LumiX", 'LumiX, reader="arrow"'])
def test_production_is_the_model_built_by_hand(environment: dict[str, str], contender: str) -> None:
    run(environment, "-c", "from production.fill import fill; fill('sqlite', '10k')")

    model = built(environment, "production-sqlite", "10k", contender)["model"]

    by_hand = built(environment, "production-sqlite", "10k", DRIVER_FLOOR)["model"]
    assert model["nonzeros"] == 10_000
    assert model == pytest.approx(by_hand, rel=1e-9)


def test_inventory_is_the_model_built_by_hand(environment: dict[str, str]) -> None:
    run(environment, "-c", "from inventory.fill import fill; fill('sqlite', '10 x 20')")

    model = built(environment, "inventory", "10 x 20", "LumiX")["model"]

    by_hand = built(environment, "inventory", "10 x 20", DRIVER_FLOOR)["model"]
    assert (model["nonzeros"], model["rows"]) == (590, 200)
    assert model == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("of", ["numbers", "times", "times of two zones"])
def test_a_window_is_the_model_of_a_parameter(environment: dict[str, str], of: str) -> None:
    model = built(environment, "windows", "100", f"LumiX, a condition over {of}")["model"]

    assert model == built(environment, "windows", "100", "LumiX, a parameter of the pairs")["model"]


@pytest.mark.thorough
@pytest.mark.parametrize(("table", "size"), [("timetable", "20"), ("catalogue", "1000")])
def test_models_of_objects_are_those_built_by_hand(environment: dict[str, str], table: str, size: str) -> None:
    model = built(environment, table, size, "LumiX")["model"]

    by_hand = built(environment, table, size, ARRAY_FLOOR)["model"]
    assert model == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.thorough
@pytest.mark.parametrize(("table", "size", "rows"), [("loop", "10", 10), ("workshop", "step2", 11)])
def test_programs_without_a_floor_run(environment: dict[str, str], table: str, size: str, rows: int) -> None:
    result = built(environment, table, size, "LumiX")

    assert result["model"]["rows"] == rows
    assert math.isclose(sum(result["parts"].values()), result["seconds"])
