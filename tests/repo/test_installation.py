"""The core and one adapter installed alone, in an environment that has nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(900)  # pip downloads

MODEL = """
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
import lumix_sqlalchemy

class Base(DeclarativeBase): ...

class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    profit: Mapped[float]
    demand: Mapped[float]

engine = create_engine("sqlite:///rows.db")
Base.metadata.create_all(engine)
session = Session(engine)
session.add_all([Product(profit=45.0, demand=10.0), Product(profit=120.0, demand=5.0)])
session.commit()
x = LXVariable[Product, float]("x").bounds(lower=0).from_model(session)
limit = LXConstraint[Product]("limit").from_model(session).expression(LXLinearExpression().add_term(x))
model = LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda p: p.profit))
model.add_constraint(limit.le().rhs(lambda p: p.demand))
"""


DJANGO_MODEL = """
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()
from django.db import connection, models
from lumix_core import LXLinearExpression, LXModel, LXVariable

class Product(models.Model):
    profit = models.FloatField()

    class Meta:
        app_label = "shop"

with connection.schema_editor() as editor:
    editor.create_model(Product)
Product.objects.create(profit=45.0)
x = LXVariable[Product, float]("x").bounds(lower=0).from_model(Product)
model = LXModel("plan").add_variable(x).maximize(LXLinearExpression().add_term(x, lambda p: p.profit))
"""


@pytest.fixture(scope="module")
def installed(built: Mapping[str, Any], new_environment: Callable[..., Any], once: Callable[..., Any]) -> Any:
    """An environment with the core and the adapter for SQLAlchemy."""
    wheels = [built["lumix_core"].wheel, built["lumix_sqlalchemy"].wheel]
    return once("environment with SQLAlchemy", lambda: new_environment(*wheels))


def test_a_model_over_a_database_compiles(installed: Any, tmp_path: Path) -> None:
    code = MODEL + "problem = model.compile()\nprint(problem.objective.tolist(), problem.row_upper.tolist())"

    assert installed.printed(code, tmp_path) == "[45.0, 120.0] [10.0, 5.0]\n"


def test_no_other_orm_and_no_solver_is_imported(installed: Any, tmp_path: Path) -> None:
    code = MODEL + "model.compile()\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"

    imported = set(installed.printed(code, tmp_path).split())

    assert {"lumix_core", "lumix_sqlalchemy", "sqlalchemy"} <= imported
    assert imported & {"lumix", "lumix_django", "lumix_solvers", "django", "highspy", "pulp"} == set()


def test_no_other_orm_and_no_solver_is_installed(installed: Any, tmp_path: Path) -> None:
    code = "from importlib.metadata import distributions\nprint(*(one.name.lower() for one in distributions()))"

    names = set(installed.printed(code, tmp_path).split())

    assert {"lumix-core", "lumix-sqlalchemy", "sqlalchemy"} <= names
    assert names & {"lumix-modeling", "lumix-django", "lumix-solvers", "django", "highspy", "pulp", "pandas"} == set()


def test_solving_without_a_solver_tells_what_to_install(installed: Any, tmp_path: Path) -> None:
    code = MODEL + "try: LXOptimizer().solve(model)\nexcept LookupError as error: print(error)"

    assert 'pip install "lumix-modeling[highs]"' in installed.printed(code, tmp_path)


def test_the_types_are_installed(installed: Any, tmp_path: Path) -> None:
    code = (
        "from importlib.resources import files\n"
        "print(*((files(name) / 'py.typed').is_file() for name in ('lumix_core', 'lumix_sqlalchemy')))"
    )

    assert installed.printed(code, tmp_path) == "True True\n"


@pytest.mark.thorough
def test_the_adapter_for_django_works_alone(
    built: Mapping[str, Any], new_environment: Callable[..., Any], tmp_path: Path
) -> None:
    with_django = new_environment(built["lumix_core"].wheel, built["lumix_django"].wheel)
    code = DJANGO_MODEL + (
        "print(model.compile().objective.tolist())\n"
        "import sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    compiled, imported = with_django.printed(code, tmp_path).splitlines()

    assert compiled == "[45.0]"
    assert {"lumix_core", "lumix_django", "django"} <= set(imported.split())
    assert (
        set(imported.split()) & {"lumix", "lumix_sqlalchemy", "lumix_solvers", "sqlalchemy", "highspy", "pulp"} == set()
    )
