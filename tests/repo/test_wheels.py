"""The five distributions as they are released: what is in them, and that they work in an environment of their own."""

from __future__ import annotations

import sys
import tarfile
import tomllib
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.timeout(900)  # pip downloads

DISTRIBUTIONS = ("lumix_core", "lumix_sqlalchemy", "lumix_django", "lumix_solvers", "lumix")

MODEL = """
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable, LXWriteBack

class Base(DeclarativeBase): ...

class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]
    hours: Mapped[float]

class Schedule(Base):
    __tablename__ = "schedules"
    product_id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[float]

engine = create_engine("sqlite:///rows.db")
Base.metadata.create_all(engine)
session = Session(engine)
session.add_all([Product(profit=45.0, hours=1.0), Product(profit=120.0, hours=2.0)])
session.commit()
made = LXVariable[Product, float]("made").bounds(lower=0, upper=10).from_model(session)
used = LXLinearExpression().add_term(made, lambda p: p.hours)
model = LXModel("plan").add_variable(made).add_constraint(LXConstraint("hours").expression(used).le().rhs(25))
model.maximize(LXLinearExpression().add_term(made, lambda p: p.profit))
solution = LXOptimizer().solve(model)
print(solution.status, solution.objective_value, solution.variables["made"], solution.shadow_prices["hours"])
print(LXWriteBack().replace(Schedule, solution.variables["made"], key="product_id", value="quantity").write(engine))
session.close()
engine.dispose()
"""


def project(one: Any) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((one.copy / "pyproject.toml").read_text())["project"]
    return found


def sources(one: Any) -> set[str]:
    """The files that a distribution should hold, below ``src``, without what tools left there."""
    src = one.copy / "src"
    return {
        str(path.relative_to(src))
        for path in src.rglob("*")
        if path.is_file() and not {"__pycache__", ".mypy_cache"} & {*path.parts}
    }


def metadata(one: Any) -> Message:
    with ZipFile(one.wheel) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(wheel.read(name))


def test_the_metadata_is_valid(built: Mapping[str, Any], run: Callable[..., Any], tmp_path: Path) -> None:
    files = [file for one in built.values() for file in (one.wheel, one.sdist)]

    done = run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files], tmp_path)

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2 * len(DISTRIBUTIONS)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_wheel_holds_the_package_and_its_metadata_and_nothing_else(
    distribution: str, built: Mapping[str, Any]
) -> None:
    one = built[distribution]
    of_metadata = {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}
    if {"entry-points", "scripts"} & project(one).keys():
        of_metadata.add("entry_points.txt")
    info = f"{project(one)['name'].replace('-', '_')}-{project(one)['version']}.dist-info"

    with ZipFile(one.wheel) as wheel:
        names = wheel.namelist()

    assert {f"{distribution}/__init__.py", f"{distribution}/py.typed"} < set(names)
    assert set(names) == sources(one) | {f"{info}/{name}" for name in of_metadata}
    assert [name for name in names if "/tests/" in name or "/test_" in name] == []


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_source_distribution_holds_what_a_wheel_is_built_from_and_nothing_else(
    distribution: str, built: Mapping[str, Any]
) -> None:
    one = built[distribution]

    with tarfile.open(one.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}

    beside = {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO", ".gitignore"}
    assert names == beside | {f"src/{name}" for name in sources(one)}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_the_readme_is_the_long_description(distribution: str, built: Mapping[str, Any]) -> None:
    found = metadata(built[distribution])

    assert found["Description-Content-Type"] == "text/markdown"
    readme = (built[distribution].copy / "README.md").read_text()
    assert str(found.get_payload(decode=True), "utf-8").strip() == readme.strip()  # type: ignore[arg-type]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_the_metadata_names_licence_and_python(distribution: str, built: Mapping[str, Any]) -> None:
    found = metadata(built[distribution])

    assert (found["License-Expression"], found["License-File"]) == ("Apache-2.0", "LICENSE")
    assert found["Requires-Python"] == ">=3.11"


@pytest.fixture(scope="module")
def installed(built: Mapping[str, Any], new_environment: Callable[..., Any], once: Callable[..., Any]) -> Any:
    """An environment with the five wheels, SQLAlchemy and HiGHS."""
    *others, modeling = (built[name].wheel for name in DISTRIBUTIONS)
    return once("environment with all", lambda: new_environment(*others, f"{modeling}[sqlalchemy,highs]"))


def test_the_wheels_solve_a_model_over_a_database(installed: Any, tmp_path: Path) -> None:
    assert installed.printed(MODEL, tmp_path).splitlines() == [
        "optimal 1425.0 {1: 5.0, 2: 10.0} 45.0",
        "Schedule: 2 written",
    ]


def test_the_wheels_bring_their_plugins(installed: Any, tmp_path: Path) -> None:
    listed = installed.output(["-m", "lumix", "plugins"], tmp_path)

    assert all(name in listed for name in ("sqlalchemy", "django", "highs", "pulp"))


def test_the_wheels_are_of_one_version(installed: Any, tmp_path: Path) -> None:
    code = (
        "from importlib.metadata import distributions\n"
        "print(*sorted({one.name for one in distributions() if one.name.startswith('lumix')}))\n"
        "print(*{one.version for one in distributions() if one.name.startswith('lumix')})\n"
        "import lumix\nprint(lumix.__version__)"
    )

    names, version, own = installed.printed(code, tmp_path).splitlines()

    assert names == "lumix-core lumix-django lumix-modeling lumix-solvers lumix-sqlalchemy"
    assert version == own
