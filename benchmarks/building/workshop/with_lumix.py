"""The model of the example's second step, from its own files."""

from __future__ import annotations

import sys
from pathlib import Path

import highspy
from contenders import Laps
from solver import hold
from sqlalchemy.orm import Session

sys.path.append(str(Path(__file__).parents[3] / "examples" / "production_planning" / "step2"))

import database
import production_db
import sample_data


def make(_backend: str, _size: str) -> Session:
    """Return a session on a database in memory, with the example's rows."""
    session = database.get_session(database.init_database("sqlite://"))
    sample_data.fill(session)
    return session


def build(session: Session, lap: Laps) -> highspy.Highs:
    model = production_db.build_model(session)
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)
