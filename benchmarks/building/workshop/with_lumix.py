"""The model of the example's second step, from its own files."""

from __future__ import annotations

import sys
from pathlib import Path

import highspy
from contenders import Laps
from solver import hold
from sqlalchemy.orm import Session

from lumix import LXModel

sys.path.append(str(Path(__file__).parents[3] / "examples" / "production_planning" / "step2"))

import database
import production_db
import rules as written_as_rules
import sample_data


def make(_backend: str, _size: str) -> Session:
    """Return a session on a database in memory, with the example's rows."""
    session = database.get_session(database.init_database("sqlite://"))
    sample_data.fill(session)
    return session


def build(session: Session, lap: Laps) -> highspy.Highs:
    return held(production_db.build_model(session), lap)


def rules(session: Session, lap: Laps) -> highspy.Highs:
    return held(written_as_rules.build_model(session), lap)


def held(model: LXModel, lap: Laps) -> highspy.Highs:
    lap("write")
    problem = model.compile()
    lap("compile")
    return hold(problem)
