"""The columns and rows of families and keys."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXProblem, LXVariable
from lumix_core.errors import LXUnknownKeyError, LXUnknownNameError


@dataclass(frozen=True)
class Part:
    id: int


PARTS = [Part(7), Part(8)]
SPARE = LXVariable[None, float]("spare").bounds(0, 1)
MADE = LXVariable[Part, float]("made").bounds(0, 1).indexed_by(lambda part: part.id).from_data(PARTS)
EACH = LXConstraint[Part]("each").over(MADE).expression(LXLinearExpression().add_term(MADE)).le().rhs(1)


@pytest.fixture(scope="module")
def problem() -> LXProblem:
    return LXModel("m").add_variables(SPARE, MADE).add_constraint(EACH).compile()


def test_a_column_by_name_and_key(problem: LXProblem) -> None:
    assert [problem.column("spare"), problem.column("made", 7), problem.column("made", 8)] == [0, 1, 2]
    assert problem.column_name(problem.column("made", 8)) == "made[8]"


def test_a_column_by_family_and_row(problem: LXProblem) -> None:
    assert (problem.column(SPARE), problem.column(MADE, PARTS[1])) == (0, 2)


def test_a_row_by_name_or_family_and_key(problem: LXProblem) -> None:
    assert problem.row("each", 8) == problem.row(EACH, PARTS[1]) == 1


def test_what_is_not_there(problem: LXProblem) -> None:
    with pytest.raises(LXUnknownNameError, match=r"no variable named 'each'\. It has 'spare', 'made'"):
        problem.column("each", 7)
    with pytest.raises(LXUnknownNameError, match="no constraint named 'made'"):
        problem.row("made", 7)
    with pytest.raises(LXUnknownKeyError, match="'made' has no key 9"):
        problem.column("made", 9)
    with pytest.raises(LXUnknownKeyError, match="'made' needs a key"):
        problem.column("made")
    with pytest.raises(LXUnknownKeyError, match="'spare' has no key 7: it has no index"):
        problem.column("spare", 7)
