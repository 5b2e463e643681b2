"""Why a model is infeasible, in the words that users read."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lumix_core import (
    LXConstraint,
    LXInfeasibility,
    LXLinearExpression,
    LXModel,
    LXModelError,
    LXNotInfeasibleError,
    LXOptimizer,
    LXVariable,
)
from lumix_core.errors import LXError, LXOptionError, LXSolverError, LXUnsupportedError
from lumix_core.problem.requirements import Requirements
from lumix_core.solver.infeasibility.elastic import elastic, misses
from lumix_core.solver.infeasibility.obvious import plain_conflict
from lumix_core.solver.solver import LXFeature, RawConflict, RawResult, SolverOptions
from lumix_core.solver.status import LXLimit, LXStatus
from lumix_core.testing.solvers.problems import INF, problem
from lumix_solvers.highs import HighsSolver

ErrorText = Callable[..., str]


@dataclass(frozen=True)
class Product:
    name: str
    wood: float
    demand: float


PRODUCTS = [Product("Chair", 8, 10), Product("Table", 25, 30), Product("Desk", 35, 3)]


def plan(whole: bool = False) -> LXModel:
    """A plan whose demand for tables takes more wood than there is."""
    made = LXVariable[Product, float]("made").bounds(lower=0).indexed_by(lambda p: p.name).from_data(PRODUCTS)
    wood = LXConstraint("wood").expression(LXLinearExpression().add_term(made, lambda p: p.wood)).le().rhs(500)
    demand = LXConstraint[Product]("demand").indexed_by(lambda p: p.name).from_data(PRODUCTS)
    demand.expression(LXLinearExpression().add_term(made)).ge().rhs(lambda p: p.demand)
    model = LXModel("plan").add_variable(made.integer() if whole else made).add_constraints(wood, demand)
    return model.maximize(LXLinearExpression().add_term(made))


def single(
    name: str = "", sense: str = "ge", rhs: float = 0.0, coefficient: float = 1.0, **bounds: float | None
) -> LXModel:
    """A model with the one variable x, and one constraint on it."""
    x = LXVariable[None, float]("x").bounds(**bounds)
    model = LXModel("small").add_variable(x).maximize(LXLinearExpression().add_term(x))
    if name:
        constraint = LXConstraint[None](name).expression(LXLinearExpression().add_term(x, coefficient))
        model.add_constraint(getattr(constraint, sense)().rhs(rhs))
    return model


def explained(model: LXModel, **options: Any) -> LXInfeasibility:
    return LXOptimizer().explain_infeasibility(model, **options)


# What is said.


def test_the_conflict_of_a_plan_is_told_by_family_key_and_numbers() -> None:
    why = explained(plan())

    assert [(one.family, one.key, one.sense, one.value) for one in why.constraints] == [
        ("wood", (), "<=", 500),
        ("demand", "Table", ">=", 30),
    ]
    assert why.constraints[0].terms == (("made['Chair']", 8), ("made['Table']", 25), ("made['Desk']", 35))
    assert [(one.family, one.key, one.sense, one.value) for one in why.bounds] == [
        ("made", "Chair", ">=", 0),
        ("made", "Desk", ">=", 0),
    ]
    assert (why.model, why.integrality, why.is_irreducible, why.limit, why.solver) == ("plan", (), True, None, "highs")


def test_the_text_says_all_of_it() -> None:
    assert str(explained(plan())).splitlines() == [
        "Model 'plan' is infeasible: these cannot hold together.",
        "  wood: 8 made['Chair'] + 25 made['Table'] + 35 made['Desk'] <= 500",
        "  demand['Table']: made['Table'] >= 30",
        "  bound: made['Chair'] >= 0",
        "  bound: made['Desk'] >= 0",
        "The others need at least 750 of wood, which allows 500.",
        "Without any one of them, the others can hold together.",
        "The least total relaxation that makes it feasible is 16.2:",
        "  demand['Table']: >= 30, down by 13.2 to 16.8",
        "  demand['Desk']: >= 3, down by 3 to 0",
    ]


def test_whole_variables_have_no_part_where_fractions_would_not_help() -> None:
    why = explained(plan(whole=True))

    assert why.integrality == ()
    assert why.relaxation is not None
    assert [(one.requirement.name, one.amount, one.value) for one in why.relaxation.amounts] == [
        ("demand['Table']", 14, 16),
        ("demand['Desk']", 3, 0),
    ]


def test_whole_variables_are_named_where_fractions_would_help() -> None:
    x, y = (LXVariable[None, int](name).integer().bounds(0, 9) for name in ("x", "y"))
    share = LXVariable[None, float]("share").bounds(0, 9)
    total = LXLinearExpression().add_term(x, 2).add_term(y, 4)
    model = LXModel("pairs").add_variables(x, y, share)
    model.add_constraint(LXConstraint("odd").expression(total).eq().rhs(7))

    why = explained(model)

    assert why.integrality == ("x", "y")
    assert [(one.name, one.sense, one.is_half) for one in why.constraints] == [("odd", "==", False)]
    assert "  integrality: the variables of 'y' are whole" in str(why).splitlines()


def test_half_of_an_equality_is_told_as_such() -> None:
    why = explained(single("fixed", "eq", 3, upper=2))

    assert str(why).splitlines()[1:4] == [
        "  fixed: x == 3, for which >= is enough",
        "  bound: x <= 2",
        "The others allow at most 2 of fixed, which needs 3.",
    ]
    assert str(why.constraints[0].sense) == ">="


def test_bounds_that_cross_are_the_conflict() -> None:
    why = explained(single(lower=3, upper=2))

    assert str(why).splitlines()[1:5] == [
        "  bound: x >= 3",
        "  bound: x <= 2",
        "Without any one of them, the others can hold together.",
        "The least total relaxation that makes it feasible is 1:",
    ]


def test_a_lower_bound_of_0_is_kept() -> None:
    why = explained(single(lower=0, upper=-2))

    assert why.relaxation is not None
    assert [str(one) for one in why.relaxation.amounts] == ["bound of x: <= -2, up by 2 to 0"]


def test_a_constraint_without_terms_is_a_conflict_by_itself() -> None:
    why = explained(single("empty", "ge", 5, coefficient=0))

    assert str(why).splitlines()[1:] == [
        "  empty: 0 >= 5, and it has no terms",
        "It cannot hold by itself.",
        "The least total relaxation that makes it feasible is 5:",
        "  empty: >= 5, down by 5 to 0",
    ]


def test_a_model_without_variables_is_explained() -> None:
    empty = LXConstraint("empty").expression(LXLinearExpression()).le().rhs(-1)

    why = explained(LXModel("none").add_constraint(empty))

    assert [one.name for one in why.constraints] == ["empty"]
    assert why.relaxation is not None
    assert why.relaxation.total == 1


def test_a_row_beyond_all_bounds_is_told_with_them() -> None:
    why = explained(single("much", "ge", 10, coefficient=-2, lower=-4))

    assert [str(one) for one in (*why.constraints, *why.bounds)] == ["much: -2 x >= 10", "bound: x >= -4"]
    assert why.clash is not None
    assert why.clash.reached == pytest.approx(8)


def test_long_constraints_and_conflicts_are_cut() -> None:
    rows = [Product(f"p{i}", 1, 0) for i in range(30)]
    made = LXVariable[Product, float]("made").bounds(1, 2).indexed_by(lambda p: p.name).from_data(rows)
    few = LXConstraint("few").expression(LXLinearExpression().add_term(made)).le().rhs(12345.5 - 12340)

    text = str(explained(LXModel("many").add_variable(made).add_constraint(few)))

    assert "+ made['p5'] + ... (24 more) <= 5.5" in text
    assert "  ... (11 more)\n" in text


# What is left alone, and what can be done with the answer.


def test_the_model_is_left_as_it_was() -> None:
    model = plan()
    before = {name: array.tobytes() for name, array in model.compile().arrays().items()}

    explained(model)

    assert {name: array.tobytes() for name, array in model.compile().arrays().items()} == before


def test_an_explanation_can_be_copied_and_pickled() -> None:
    why = explained(plan())

    assert pickle.loads(pickle.dumps(why)) == why
    assert copy.deepcopy(why) == why


# What is refused.


@pytest.mark.parametrize("upper", [500.0, None], ids=["feasible", "unbounded"])
def test_a_model_with_a_point_is_not_explained(upper: float | None, error_text: ErrorText) -> None:
    model = single("least", "ge", 3, upper=upper)

    text = error_text(LXNotInfeasibleError, explained, model)

    assert text == (
        "Model 'small' is not infeasible: solver 'highs' found a point that satisfies all of it, so there is nothing "
        "to explain. Look at the status that solve() gives: an objective without an end is 'unbounded'."
    )


def test_what_is_not_known_is_not_explained(error_text: ErrorText) -> None:
    solver = Telling(
        after=lambda asked, _: RawResult(status=LXStatus.NO_SOLUTION, raw_status="Slow", limit=LXLimit.NODE)
    )

    text = error_text(LXNotInfeasibleError, LXOptimizer().use_solver(solver).explain_infeasibility, plan())

    assert text == (
        "Whether model 'plan' is infeasible is not known: solver 'highs' neither found a point nor proved that there "
        "is none (Slow, ended by the node limit). Nothing is explained, since it might be wrong. Give it more time, or "
        "use another solver."
    )


def test_what_is_no_model_is_refused(error_text: ErrorText) -> None:
    text = error_text(LXModelError, LXOptimizer().explain_infeasibility, 3)

    assert text == "explain_infeasibility() got 3, which is not a model. Give it an LXModel."


def test_an_option_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(LXOptionError, match="time_limit=-1 makes no sense"):
        explained(plan(), time_limit=-1)


def test_integers_are_refused_where_the_solver_has_none() -> None:
    solver = Telling(features=frozenset())

    with pytest.raises(LXUnsupportedError, match="has integer variables"):
        LXOptimizer().use_solver(solver).explain_infeasibility(plan(whole=True))


# Solvers that do not do as they should.


class Telling(HighsSolver):
    """HiGHS, with something else to tell."""

    features = HighsSolver.features

    def __init__(self, after: Any = None, found: Any = None, features: Any = None) -> None:
        self.after = after or (lambda asked, result: result)
        self.found = found or (lambda asked, conflict: conflict)
        self.features = HighsSolver.features if features is None else features
        self.runs = 0

    def solve(self, problem: Any, options: Any) -> Any:
        self.runs += 1
        return self.after(problem, super().solve(problem, options))

    def find_conflict(self, problem: Any, options: Any) -> Any:
        return self.found(problem, super().find_conflict(problem, options))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda asked, found: RawConflict(raw_status="gave up"),
        lambda asked, found: RawConflict(raw_status="nothing", requirements=Requirements.none(asked)),
        lambda asked, found: RawConflict(raw_status="everything", requirements=Requirements.every(asked)),
        lambda asked, found: RawConflict(raw_status="a half", requirements=found.requirements.of_rows),
    ],
    ids=["none", "nothing", "everything", "half"],
)
def test_what_a_solver_finds_is_checked_and_made_smaller(wrong: Any) -> None:
    why = LXOptimizer().use_solver(Telling(found=wrong)).explain_infeasibility(plan())

    assert why == explained(plan())


def test_a_search_that_fails_is_told(error_text: ErrorText) -> None:
    solver = Telling(found=lambda asked, found: 1 / 0)

    text = error_text(LXSolverError, LXOptimizer().use_solver(solver).explain_infeasibility, plan())

    assert text.startswith(
        "Solver 'highs' failed to find what makes model 'plan' infeasible: ZeroDivisionError: division by zero."
    )


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (lambda asked, found: found.requirements, "its answer is Requirements"),
        (
            lambda asked, found: RawConflict(raw_status="", requirements=Requirements(1, 1, np.ones(5, dtype=bool))),
            "has the shape",
        ),
    ],
    ids=["no conflict", "of another problem"],
)
def test_an_answer_of_another_kind_is_told(found: Any, text: str) -> None:
    with pytest.raises(LXSolverError, match=text):
        LXOptimizer().use_solver(Telling(found=found)).explain_infeasibility(plan())


def test_a_solver_that_calls_everything_infeasible_is_found_out() -> None:
    said = RawResult(status=LXStatus.INFEASIBLE, raw_status="no")

    with pytest.raises(LXNotInfeasibleError, match="neither found a point nor proved that there is none"):
        LXOptimizer().use_solver(Telling(after=lambda asked, _: said)).explain_infeasibility(plan())


# Limits.


def stopping_after(runs: int, limit: LXLimit) -> Telling:
    """A solver that a limit ends after some runs."""

    def after(asked: Any, result: RawResult) -> RawResult:
        if solver.runs <= runs:
            return result
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="Stopped", limit=limit)

    solver = Telling(after, features=HighsSolver.features - {LXFeature.CONFLICTS})
    return solver


@pytest.mark.parametrize("limit", [LXLimit.INTERRUPT, LXLimit.TIME])
def test_what_is_said_at_a_limit_is_no_more_than_was_found(limit: LXLimit) -> None:
    whole = explained(plan())
    solvers = [stopping_after(runs, limit) for runs in range(3, 40)]

    answers = [LXOptimizer().use_solver(solver).explain_infeasibility(plan()) for solver in solvers]
    ended = [why for why in answers if why.limit is not None]

    assert 5 < len(ended) < len(answers)
    assert [why for why in answers if why.limit is None] == [whole] * (len(answers) - len(ended))
    for why in ended:
        assert set(why.constraints) >= set(whole.constraints)
        assert set(why.bounds) >= set(whole.bounds)
        assert why.limit is limit
        assert why.relaxation is None
        assert f"What would make it feasible was not found: the {limit} limit ended the analysis." in str(why)


def test_no_time_is_no_explanation() -> None:
    with pytest.raises(LXNotInfeasibleError, match="ended by the time limit"):
        explained(plan(), time_limit=1e-9)


# The arrays.


def test_misses_are_counted_by_side() -> None:
    asked = problem([1, 1], [([1, 1], 5, INF), ([1, -1], -INF, 0)], upper=2.0)

    missed = misses(asked, np.array([3.0, -1.0]))

    assert missed.tolist() == [3, 0, 0, 4, 0, 1, 1, 0]


def test_an_elastic_problem_misses_soft_sides_only() -> None:
    asked = problem([1, 1], [([1, 1], 5, INF)], upper=2.0)
    soft = Requirements.every(asked).of_rows

    result = HighsSolver().solve(elastic(asked, soft), SolverOptions())

    assert result.objective == pytest.approx(1)
    assert result.x is not None
    assert result.x[:2].tolist() == [2, 2]


PLAIN = {
    "crossed bounds": (problem([1], lower=3.0, upper=2.0), 2),
    "no whole number": (problem([1], lower=0.2, upper=0.8, integer=True), 3),
    "crossed sides": (problem([1], [([1], 3, 2)]), 2),
    "out of reach above": (problem([1, 1], [([1, -1], 9, INF)], upper=4.0), 3),
    "out of reach below": (problem([1, 1], [([1, -1], -INF, -9)], upper=4.0), 3),
    "no terms": (problem([1], [([0], 1, INF)]), 1),
    "no multiple": (problem([1, 1], [([0, 0], 0, 0), ([6, -4], 7, 7), ([1, 1], -INF, 9)], integer=True), 4),
    "no multiple between": (problem([1, 1], [([6, 9], 4, 5)], lower=-INF, integer=True), 4),
    "the shortest": (problem([1, 1], [([1, 1], 9, INF), ([1, 0], 5, INF)], upper=4.0), 2),
}


@pytest.mark.parametrize(("asked", "size"), PLAIN.values(), ids=PLAIN)
def test_plain_conflicts_need_no_solver(asked: Any, size: int) -> None:
    found = plain_conflict(asked)

    assert found is not None
    assert len(found) == size
    assert len(found - Requirements.every(asked)) == 0


@pytest.mark.parametrize(
    "asked",
    [
        problem([1], [([1], 2, INF)], upper=2.0),
        problem([1], [([1], 2, INF)]),
        problem([1], lower=0.2, upper=1.2, integer=True),
        problem([1, 1], [([1, 1], 3, INF), ([1, 1], -INF, 2)], upper=5.0),
        problem([1, 1], [([6, 9], 4, 6), ([6, 9], -INF, 5), ([2.5, 5], 3, 3)], integer=True),
        problem([1, 1], [([6, 4], 7, 7)], integer=[True, False]),
    ],
)
def test_what_is_not_plain_is_left_to_the_solver(asked: Any) -> None:
    assert plain_conflict(asked) is None


def test_errors_of_explanations_are_errors_of_lumix() -> None:
    assert issubclass(LXNotInfeasibleError, LXError)
