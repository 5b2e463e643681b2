"""The core and one adapter installed alone, in an environment that has nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)  # pip downloads

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = ("lumix_core", "lumix_sqlalchemy")
WITH_DJANGO = ("lumix_core", "lumix_django")
INHERITED = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
ENVIRONMENT = {
    **INHERITED,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_RETRIES": "2",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "error",
}

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


def run(command: Sequence[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**ENVIRONMENT, "PYTHONWARNINGS": ""} if "pip" in command else ENVIRONMENT
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600, check=False)


def install(python: Path, folders: Sequence[Path], cwd: Path) -> None:
    done = run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *folders], cwd)
    if done.returncode != 0:
        _skip_without_index(python, cwd)
        pytest.fail(f"pip install failed:\n{done.stdout}\n{done.stderr}")


def _skip_without_index(python: Path, cwd: Path) -> None:
    """Skip where pip cannot even download a package that has nothing to do with LumiX."""
    probe = run([sys.executable, "-m", "pip", "download", "--no-deps", "--dest", cwd / "probe", "hatchling"], cwd)
    if probe.returncode != 0:
        pytest.skip(f"the package index cannot be reached: {probe.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the core and the adapter for SQLAlchemy."""
    return environment(tmp_path_factory.mktemp("installation"), DISTRIBUTIONS)


def environment(folder: Path, distributions: Sequence[str]) -> Path:
    """Install distributions in an environment of their own and return its interpreter."""
    copies = [folder / name for name in distributions]
    for copy in copies:  # a build leaves files in the folder
        shutil.copytree(ROOT / copy.name, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    venv.create(folder / "environment")
    found = folder / "environment" / ("Scripts" if os.name == "nt" else "bin") / "python"
    install(found, copies, folder)
    return found


def printed(python: Path, code: str, cwd: Path) -> str:
    done = run([python, "-c", code], cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_model_over_a_database_compiles(python: Path, tmp_path: Path) -> None:
    code = MODEL + "problem = model.compile()\nprint(problem.objective.tolist(), problem.row_upper.tolist())"

    assert printed(python, code, tmp_path) == "[45.0, 120.0] [10.0, 5.0]\n"


def test_no_other_orm_and_no_solver_is_imported(python: Path, tmp_path: Path) -> None:
    code = MODEL + "model.compile()\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"

    imported = set(printed(python, code, tmp_path).split())

    assert {"lumix_core", "lumix_sqlalchemy", "sqlalchemy"} <= imported
    assert imported & {"lumix", "lumix_django", "lumix_solvers", "django", "highspy", "pulp"} == set()


def test_no_other_orm_and_no_solver_is_installed(python: Path, tmp_path: Path) -> None:
    code = "from importlib.metadata import distributions\nprint(*(one.name.lower() for one in distributions()))"

    installed = set(printed(python, code, tmp_path).split())

    assert {"lumix-core", "lumix-sqlalchemy", "sqlalchemy"} <= installed
    assert installed & {"lumix", "lumix-django", "lumix-solvers", "django", "highspy", "pulp", "pandas"} == set()


def test_solving_without_a_solver_tells_what_to_install(python: Path, tmp_path: Path) -> None:
    code = MODEL + "try: LXOptimizer().solve(model)\nexcept LookupError as error: print(error)"

    assert 'pip install "lumix-modeling[highs]"' in printed(python, code, tmp_path)


def test_the_types_are_installed(python: Path, tmp_path: Path) -> None:
    code = (
        "from importlib.resources import files\n"
        "print(*((files(name) / 'py.typed').is_file() for name in ('lumix_core', 'lumix_sqlalchemy')))"
    )

    assert printed(python, code, tmp_path) == "True True\n"


def test_the_adapter_for_django_works_alone(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    python = environment(tmp_path_factory.mktemp("django"), WITH_DJANGO)
    code = DJANGO_MODEL + (
        "print(model.compile().objective.tolist())\n"
        "import sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    compiled, imported = printed(python, code, tmp_path).splitlines()

    assert compiled == "[45.0]"
    assert {"lumix_core", "lumix_django", "django"} <= set(imported.split())
    assert (
        set(imported.split()) & {"lumix", "lumix_sqlalchemy", "lumix_solvers", "sqlalchemy", "highspy", "pulp"} == set()
    )
