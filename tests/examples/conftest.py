"""The database of the production planning example, for the tests of its steps."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE_DATA = Path(__file__).parents[2] / "examples" / "production_planning" / "step2" / "sample_data.py"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as sample_data.py leaves it; tests get copies."""
    directory = tmp_path_factory.mktemp("sample")
    subprocess.run([sys.executable, "-B", str(SAMPLE_DATA)], cwd=directory, timeout=300, check=True)
    return directory / "production.db"


@pytest.fixture
def filled(sample: Path, tmp_path: Path) -> Path:
    """A filled database."""
    return Path(shutil.copyfile(sample, tmp_path / "production.db"))
