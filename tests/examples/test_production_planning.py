"""The production planning example, run as its users run it: scripts in processes of their own."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
scripts: Any = import_module("scripts")
sys.path.remove(str(HERE))
printed, query, run = scripts.printed, scripts.query, scripts.run

ROOT = HERE.parents[1]
EXAMPLE = ROOT / "examples" / "production_planning"
STEP1 = EXAMPLE / "step1"
STEP2 = EXAMPLE / "step2"

PLAN = """\
Total profit: 2,735.71

Product               Quantity      Profit
Chair                    10.00      450.00
Table                     5.00      600.00
Desk                      8.43    1,685.71

Resource                  Used   Available
Cutting Machine          29.36       80.00    36.7%
Assembly Station         52.00      100.00    52.0%
Wood (board feet)       500.00      500.00   100.0%
Metal (pounds)          112.43      200.00    56.2%
Fabric (yards)           25.00      150.00    16.7%

Binding: Wood (board feet); one more would add 5.71 to the profit
"""
SAVED = """\
Saved 3 production schedules, 2 machine and 3 material utilisation records:
  Chair 10.00, Table 5.00, Desk 8.43
  Cutting Machine 36.7%, Assembly Station 52.0%, Wood (board feet) 100.0%, Metal (pounds) 56.2%, Fabric (yards) 16.7%
"""


EXPLAIN = f"""
import sys
sys.path.insert(0, {str(STEP2)!r})
from database import get_session, init_database
from production_db import build_model
from lumix import LXOptimizer

engine = init_database()
with get_session(engine) as session:
    print(LXOptimizer().use_solver({{solver!r}}).explain_infeasibility(build_model(session)))
engine.dispose()
"""
EXPLAINED = """\
Model 'production plan' is infeasible: these cannot hold together.
  min_demand[2]: production[2] >= 30
  material_quantity[1]: 8 production[1] + 25 production[2] + 35 production[3] <= 500
  bound: production[1] >= 0
  bound: production[3] >= 0
The others need at least 750 of material_quantity[1], which allows 500.
Without any one of them, the others can hold together.
The least total relaxation that makes it feasible is 16.2:
  min_demand[2]: >= 30, down by 13.2 to 16.8
  min_demand[3]: >= 3, down by 3 to 0
"""


def count(database: Path, table: str) -> object:
    return query(database, f"SELECT count(*) FROM {table}")[0][0]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module database.py of step 2."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("database_of_step2", STEP2 / "database.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    yield module
    module.Base.registry.dispose()


@pytest.fixture
def engine(database: ModuleType, filled: Path) -> Iterator[Engine]:
    """An engine on a filled database."""
    engine: Engine = database.init_database(f"sqlite:///{filled}")
    yield engine
    engine.dispose()


def test_step1_prints_the_optimal_plan(tmp_path: Path) -> None:
    output = printed(STEP1 / "production.py", cwd=tmp_path)

    assert "Total profit: 2,735.71\n" in output
    assert re.findall(r"(Chair|Table|Desk) +(\S+)", output) == [("Chair", "10.00"), ("Table", "5.00"), ("Desk", "8.43")]


def test_demo_solves_step2_end_to_end(tmp_path: Path) -> None:
    output = printed(STEP2 / "demo.py", cwd=tmp_path)

    assert output.endswith(PLAN + SAVED)


def test_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    printed(STEP2 / "demo.py", cwd=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_make_demo_runs_the_demo() -> None:
    makefile = (ROOT / "Makefile").read_text()

    assert "EXAMPLES = examples/production_planning\n" in makefile
    assert "$(BIN)/python -B $(EXAMPLES)/step2/demo.py\n" in makefile


def test_production_db_prints_the_plan_and_what_it_saved(filled: Path) -> None:
    assert printed(STEP2 / "production_db.py", cwd=filled.parent) == PLAN + SAVED


def test_production_db_saves_the_schedule(filled: Path) -> None:
    printed(STEP2 / "production_db.py", cwd=filled.parent)

    saved = query(filled, "SELECT product_id, quantity, profit_contribution FROM production_schedules ORDER BY id")
    assert saved == [
        (1, pytest.approx(10), pytest.approx(450)),
        (2, pytest.approx(5), pytest.approx(600)),
        (3, pytest.approx(59 / 7), pytest.approx(200 * 59 / 7)),
    ]


def test_production_db_saves_how_much_of_each_resource_is_used(filled: Path) -> None:
    printed(STEP2 / "production_db.py", cwd=filled.parent)

    saved = query(filled, "SELECT resource_type, resource_id, used, available FROM resource_utilization ORDER BY id")
    assert saved == [
        ("machine", 1, pytest.approx(12.5 + 2 * 59 / 7), 80),
        ("machine", 2, pytest.approx(52), 100),
        ("material", 1, pytest.approx(500), 500),
        ("material", 2, pytest.approx(45 + 8 * 59 / 7), 200),
        ("material", 3, pytest.approx(25), 150),
    ]


def test_a_second_plan_replaces_the_first(filled: Path) -> None:
    printed(STEP2 / "production_db.py", cwd=filled.parent)

    again = printed(STEP2 / "production_db.py", cwd=filled.parent)

    assert again == PLAN + SAVED
    assert (count(filled, "production_schedules"), count(filled, "resource_utilization")) == (3, 5)


def test_a_plan_that_cannot_be_saved_leaves_the_saved_one(filled: Path) -> None:
    printed(STEP2 / "production_db.py", cwd=filled.parent)
    query(filled, "CREATE TRIGGER full BEFORE INSERT ON resource_utilization BEGIN SELECT RAISE(ABORT, 'full'); END")

    done = run(STEP2 / "production_db.py", cwd=filled.parent)

    assert done.returncode != 0
    assert (count(filled, "production_schedules"), count(filled, "resource_utilization")) == (3, 5)


def test_the_plan_follows_the_data(filled: Path) -> None:
    query(filled, "UPDATE raw_materials SET available_quantity = 535 WHERE name LIKE 'Wood%'")

    output = printed(STEP2 / "production_db.py", cwd=filled.parent)

    assert "Total profit: 2,935.71\n" in output


def test_an_infeasible_plan_is_one_sentence(filled: Path) -> None:
    query(filled, "UPDATE products SET min_demand = 1000, max_demand = 2000 WHERE name = 'Chair'")

    done = run(STEP2 / "production_db.py", cwd=filled.parent)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is no plan: the model is infeasible.\n"


@pytest.mark.parametrize("solver", ["highs", "pulp"])
def test_demand_that_exceeds_the_wood_is_explained(filled: Path, solver: str) -> None:
    query(filled, "UPDATE products SET min_demand = 30 WHERE name = 'Table'")

    done = run("-c", EXPLAIN.format(solver=solver), cwd=filled.parent)

    assert done.stderr == ""
    assert done.stdout == EXPLAINED


def test_sample_data_run_twice_fills_once(filled: Path) -> None:
    printed(STEP2 / "sample_data.py", cwd=filled.parent)

    tables = ("products", "machines", "raw_materials", "production_recipes", "material_requirements")
    assert [count(filled, table) for table in tables] == [3, 2, 3, 6, 8]


def test_sample_data_clears_a_plan(filled: Path) -> None:
    printed(STEP2 / "production_db.py", cwd=filled.parent)

    printed(STEP2 / "sample_data.py", cwd=filled.parent)

    assert (count(filled, "production_schedules"), count(filled, "resource_utilization")) == (0, 0)


def test_scripts_take_the_url_of_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"

    printed(STEP2 / "sample_data.py", url, cwd=tmp_path)
    output = printed(STEP2 / "production_db.py", url, cwd=tmp_path)

    assert output == PLAN + SAVED
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


@pytest.mark.parametrize("script", ["sample_data.py", "production_db.py"])
def test_a_file_name_in_place_of_a_url_is_one_sentence(script: str, tmp_path: Path) -> None:
    done = run(STEP2 / script, "production.db", cwd=tmp_path)

    assert done.returncode == 2
    assert "'production.db' is not a URL; for a file of SQLite write sqlite:///production.db\n" in done.stderr
    assert "Traceback" not in done.stderr


def no_file(path: Path) -> None:
    path.unlink()


def no_tables(path: Path) -> None:
    path.write_bytes(b"")


def no_rows(path: Path) -> None:
    for table in ("material_requirements", "production_recipes", "raw_materials", "machines", "products"):
        query(path, f"DELETE FROM {table}")


def no_machines(path: Path) -> None:
    query(path, "DELETE FROM production_recipes")
    query(path, "DELETE FROM machines")


@pytest.mark.parametrize("empty", [no_file, no_tables, no_rows, no_machines])
def test_without_data_one_sentence_tells_to_run_sample_data(empty: Callable[[Path], None], filled: Path) -> None:
    empty(filled)
    before = filled.read_bytes() if filled.exists() else None

    done = run(STEP2 / "production_db.py", cwd=filled.parent)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "The database sqlite:///production.db holds no data to plan with: run sample_data.py to fill it.\n"
    )
    assert (filled.read_bytes() if filled.exists() else None) == before


def test_foreign_keys_are_enforced(database: ModuleType, engine: Engine) -> None:
    with database.get_session(engine) as session:
        session.add(database.ProductionRecipe(product_id=99, machine_id=1, hours_required=1.0))

        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            session.commit()


def test_a_recipe_cannot_be_given_twice(database: ModuleType, engine: Engine) -> None:
    with database.get_session(engine) as session:
        session.add(database.ProductionRecipe(product_id=1, machine_id=1, hours_required=1.0))

        with pytest.raises(IntegrityError, match="UNIQUE"):
            session.commit()


def test_a_product_without_a_maximum_demand_is_refused(database: ModuleType, engine: Engine) -> None:
    with database.get_session(engine) as session:
        session.add(database.Product(name="Stool", profit_per_unit=30.0))

        with pytest.raises(IntegrityError, match="max_demand"):
            session.commit()


def test_the_minimum_demand_is_0_unless_given(database: ModuleType, engine: Engine) -> None:
    with database.get_session(engine) as session:
        stool = database.Product(name="Stool", profit_per_unit=30.0, max_demand=20)
        session.add(stool)
        session.commit()

        assert stool.min_demand == 0


@dataclass(frozen=True)
class Lookup:
    """One of the cached checkers, something that it knows and something that it does not."""

    create: str
    known: dict[str, int]
    value: float
    unknown: tuple[int, int]


@pytest.fixture(
    params=[
        Lookup("create_cached_machine_hours_checker", {"product_id": 1, "machine_id": 2}, 1.0, (1, 99)),
        Lookup("create_cached_material_requirement_checker", {"product_id": 2, "material_id": 1}, 25.0, (3, 3)),
    ],
    ids=["hours", "quantities"],
)
def lookup(request: pytest.FixtureRequest) -> Lookup:
    found: Lookup = request.param
    return found


@pytest.fixture
def sent(engine: Engine) -> list[str]:
    """The SQL that the engine is sent from here on."""
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    return statements


@pytest.fixture
def checker(database: ModuleType, engine: Engine, sent: list[str], lookup: Lookup) -> Callable[..., float]:
    """A cached checker, whose session is closed again."""
    with database.get_session(engine) as session:
        made: Callable[..., float] = getattr(database, lookup.create)(session)
        return made


def test_a_checker_looks_up_by_keyword(checker: Callable[..., float], lookup: Lookup) -> None:
    assert checker(**lookup.known) == lookup.value


def test_a_checker_looks_up_by_position(checker: Callable[..., float], lookup: Lookup) -> None:
    assert checker(*lookup.known.values()) == lookup.value


def test_a_checker_gives_0_where_there_is_no_row(checker: Callable[..., float], lookup: Lookup) -> None:
    assert checker(*lookup.unknown) == 0.0


def test_a_checker_asks_the_database_once(checker: Callable[..., float], lookup: Lookup, sent: list[str]) -> None:
    for _ in range(100):
        checker(**lookup.known)
        checker(*lookup.unknown)

    assert len(sent) == 1


def test_clearing_in_a_session_that_holds_rows_lets_it_be_filled_again(database: ModuleType, engine: Engine) -> None:
    with database.get_session(engine) as session:
        held = session.get(database.Product, 1)

        database.clear_all_data(session)
        session.add(database.Product(name="Chair", profit_per_unit=45.0, max_demand=100))
        session.commit()

        assert session.query(database.Product).count() == 1
        assert held not in session
