"""The production plan of step 2 as rules gives the arrays of the builders, from the same queries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

STEP2 = Path(__file__).parents[2] / "examples" / "production_planning" / "step2"
PROGRAM = """
import numpy as np
from sqlalchemy import event
import database, production_db, rules, sample_data

session = database.get_session(database.init_database("sqlite://"))
sample_data.fill(session)
session.commit()
session.expunge_all()
queries = []
event.listen(session.get_bind(), "before_cursor_execute", lambda *call: queries.append(call[2]))
found = []
for module in (production_db, rules):
    model, before = module.build_model(session), len(queries)
    found.append((model, model.compile(), queries[before:]))
(_, built, of_builders), (model, ruled, of_rules) = found
for part in ("objective", "row_starts", "columns", "coefficients", "row_lower", "row_upper", "lower", "upper"):
    assert np.array_equal(getattr(built, part), getattr(ruled, part)), part
assert sorted(of_rules) == sorted(of_builders), of_rules
assert all(line.way != "row by row" for line in model.explain().functions)
print(len(of_rules), "queries")
"""


def test_rules_give_the_arrays_of_the_builders() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=STEP2, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.stdout, done.stderr) == ("5 queries\n", "")
