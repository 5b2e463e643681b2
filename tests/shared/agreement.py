"""What several solvers answer to one problem, each answer held against the truth and against the other ones."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from exact import Exact
from odd_problems import ROOM, verdict
from structured_problems import objective_at
from truths import proved_bound, truth_of

from lumix_core.errors import LXNumberError, LXSolverError, LXUnsupportedError
from lumix_core.problem import LXProblem
from lumix_core.solver import LXFeature, Solver
from lumix_core.solver.claims import solve
from lumix_core.solver.solver import RawResult, SolverOptions
from lumix_core.solver.status import LXStatus

SECONDS = 10.0
"""The time limit of a solve."""
ROUNDING = 1e-13
"""How far a point may be outside of rows that it satisfies, relative to what is added up in them."""
NEAR = 3e-6
"""How far objectives of the same point may be apart, relative to 1 and their terms: as tolerances of solvers are."""


class Outcome(StrEnum):
    """What an answer is worth."""

    RIGHT = "right"
    REFUSED = "refused"
    LIMIT = "limit"
    UNDECIDED = "undecided"
    ERROR = "error"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Answer:
    """What a solver answered, and what it is worth.

    Args:
        outcome: held against the truth, as far as that is known.
        status: as the solver's user reads it; empty where something was raised.
        reason: what was raised, which limit ended the run, or why the answer is wrong.
        objective: of the point; None without one.
        bound: what the solver proved; None where it proved nothing.
    """

    outcome: Outcome
    status: str
    reason: str = ""
    objective: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class Case:
    """One problem, and what all solvers answered.

    Args:
        kind: the class of the problem.
        seed: its number.
        truth: what is true of it, "unknown" where nobody knows.
        answers: by the name of the solver.
    """

    kind: str
    seed: int
    truth: str
    answers: Mapping[str, Answer]

    def as_json(self) -> dict[str, Any]:
        """Return the case as plain data."""
        return asdict(self)

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Case:
        """Return a case from plain data."""
        answers = {
            solver: Answer(**{**answer, "outcome": Outcome(answer["outcome"])})
            for solver, answer in data["answers"].items()
        }
        return cls(data["kind"], data["seed"], data["truth"], answers)


def case_of(kind: str, seed: int, problem: LXProblem, solvers: Mapping[str, Solver]) -> Case:
    """Give a problem to each solver, and hold the answers against the truth and each other."""
    truth = truth_of(problem)
    raws = {name: _raw(solver, problem) for name, solver in solvers.items()}
    if truth.status == "optimal" and truth.objective is None:
        truth = Exact("optimal", _best_bound(problem, raws))
    answers = {name: _judged(problem, truth, raw) for name, raw in raws.items()}
    if truth.status == "unknown":
        best = _best_point(problem, raws)
        answers = {name: _held_against(problem, best, answer) for name, answer in answers.items()}
    return Case(kind, seed, truth.status, answers)


def _raw(solver: Solver, problem: LXProblem) -> RawResult | Exception:
    threads = 1 if LXFeature.THREADS in solver.features else None
    try:
        return solve(solver, problem, SolverOptions(time_limit=SECONDS, threads=threads))
    except (LXUnsupportedError, LXNumberError, LXSolverError) as error:
        return error


def _judged(problem: LXProblem, truth: Exact, raw: RawResult | Exception) -> Answer:
    if isinstance(raw, Exception):
        refused = isinstance(raw, LXUnsupportedError | LXNumberError) or "licence" in str(raw)
        return Answer(Outcome.REFUSED if refused else Outcome.ERROR, "", f"{type(raw).__name__}: {raw}")
    answer = Answer(Outcome.RIGHT, str(raw.status), "", raw.objective, raw.best_bound)
    fault = _fault(problem, truth, raw)
    if fault:
        return replace(answer, outcome=Outcome.WRONG, reason=fault)
    if raw.limit is not None:
        return replace(answer, outcome=Outcome.LIMIT, reason=str(raw.limit))
    if raw.status is LXStatus.INFEASIBLE_OR_UNBOUNDED:
        return replace(answer, outcome=Outcome.UNDECIDED, reason=raw.raw_status)
    if raw.status is LXStatus.ERROR:
        return replace(answer, outcome=Outcome.ERROR, reason=raw.raw_status)
    return answer


def _fault(problem: LXProblem, truth: Exact, raw: RawResult) -> str:
    """Return what is wrong with an answer; empty where nothing is known to be."""
    if raw.x is not None and raw.status is LXStatus.OPTIMAL and objective_at(problem, raw.x, 2 * ROOM) is None:
        return "its point breaks the problem"
    found = verdict(problem, raw, truth, truth_of)
    if found.is_wrong:
        return found.text
    if truth.objective is None or raw.best_bound is None:
        return ""
    best = float(truth.objective)
    is_denied = _denies(problem, raw.best_bound, best, abs(best))
    return f"its bound is {raw.best_bound}, and the optimum {best}" if is_denied else ""


def _denies(problem: LXProblem, bound: float, objective: float, size: float) -> bool:
    """Whether no point can have an objective, whose terms have a size, given a bound that is proved."""
    ahead = objective - bound if problem.maximize else bound - objective
    return ahead > NEAR * (1.0 + size)


def _best_bound(problem: LXProblem, raws: Mapping[str, RawResult | Exception]) -> Fraction | None:
    """Return the best bound on the objective of a convex problem that the points of the answers prove."""
    points = [raw.x for raw in raws.values() if isinstance(raw, RawResult) and raw.x is not None]
    found = [bound for x in points if (bound := proved_bound(problem, x)) is not None]
    if not found:
        return None
    return min(found) if problem.maximize else max(found)


def _best_point(problem: LXProblem, raws: Mapping[str, RawResult | Exception]) -> tuple[float, float] | None:
    """Return the best objective, and the size of its terms, at a point that satisfies the problem up to rounding.

    None without such a point.

    Where products have to be equal, points that miss them by a tolerance may be far from all that do not.
    """
    found = [
        (objective, problem.objective_size(raw.x))
        for raw in raws.values()
        if isinstance(raw, RawResult) and raw.x is not None
        if (objective := objective_at(problem, raw.x, ROUNDING)) is not None
    ]
    if not found:
        return None
    return max(found) if problem.maximize else min(found)


def _held_against(problem: LXProblem, best: tuple[float, float] | None, answer: Answer) -> Answer:
    """Return an answer, wrong where a point of another solver denies it."""
    if best is None or answer.outcome in (Outcome.WRONG, Outcome.REFUSED, Outcome.ERROR):
        return answer
    if answer.status == LXStatus.INFEASIBLE:
        return replace(answer, outcome=Outcome.WRONG, reason=f"infeasible, and there is a point with {best[0]}")
    bound = answer.objective if answer.status == LXStatus.OPTIMAL else answer.bound
    if bound is not None and _denies(problem, bound, *best):
        reason = f"no point is better than {bound}, and there is {best[0]}"
        return replace(answer, outcome=Outcome.WRONG, reason=reason)
    return answer


def disagreements(case: Case) -> dict[tuple[str, str], str]:
    """Return the pairs of solvers that do not answer the same, and what explains it; a refusal is no answer.

    Two right answers may differ by a tolerance. Of all other pairs one did not decide, or is wrong.
    """
    asked = [name for name, answer in case.answers.items() if answer.outcome is not Outcome.REFUSED]
    pairs = {pair: [case.answers[name] for name in pair] for pair in itertools.combinations(asked, 2)}
    return {pair: _explanation(*answers) for pair, answers in pairs.items() if not _is_same(*answers)}


def _explanation(one: Answer, other: Answer) -> str:
    worst = max(one, other, key=lambda answer: list(Outcome).index(answer.outcome))
    if worst.outcome is Outcome.RIGHT:
        return "tolerance"
    return f"limit: {worst.reason}" if worst.outcome is Outcome.LIMIT else str(worst.outcome)


def _is_same(one: Answer, other: Answer) -> bool:
    if (one.outcome, one.status) != (other.outcome, other.status):
        return False
    if one.objective is None or other.objective is None:
        return one.objective is other.objective
    return abs(one.objective - other.objective) <= NEAR * (1.0 + abs(one.objective))


def told(case: Case) -> str:
    """Return what was answered to a problem, the solvers that answered alike together."""
    groups: dict[str, list[str]] = {}
    for name, answer in case.answers.items():
        if answer.outcome is not Outcome.REFUSED:
            groups.setdefault(_told(answer), []).append(name)
    return f"{case.kind} {case.seed}: " + "; ".join(f"{text} ({', '.join(names)})" for text, names in groups.items())


def _told(answer: Answer) -> str:
    number = "" if answer.objective is None else f" {answer.objective:.6g}"
    reason = f": {brief(answer.reason)}" if answer.reason else ""
    return f"{answer.status or answer.outcome}{number}{reason}"


def brief(reason: str) -> str:
    """Return the first sentence of a reason, without the names of the problem and its parts."""
    without_names = re.sub(r"[Mm]odel '[^']*'[:]? ?|\(model ''\)|LX\w+Error: ", "", reason)
    without_solver = re.sub(r"^[Ss]olver '\w+' ", "", without_names)
    first = re.split(r"\. |; ", re.sub(r"\b(x|row)\d+\b", r"\1", without_solver))[0]
    return re.sub(r"(?<![\w.])-?\d[\d.]*(e[-+]?\d+)?", "N", first).strip()
