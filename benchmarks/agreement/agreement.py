"""How far the solvers agree: ``python agreement.py``; README.md says what is counted, and how."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "shared"))

from agreement import Case, Outcome, brief, case_of, disagreements, told  # noqa: E402
from problem_classes import CLASSES  # noqa: E402

from lumix_core.solver import Solver, isolated_solver  # noqa: E402
from lumix_solvers.cplex import CplexSolver  # noqa: E402
from lumix_solvers.cpsat import CpSatSolver  # noqa: E402
from lumix_solvers.glpk import GlpkSolver  # noqa: E402
from lumix_solvers.gurobi import GurobiSolver  # noqa: E402
from lumix_solvers.highs import HighsSolver  # noqa: E402
from lumix_solvers.ortools import OrToolsSolver  # noqa: E402
from lumix_solvers.pulp import PulpSolver  # noqa: E402
from lumix_solvers.scip import ScipSolver  # noqa: E402
from lumix_solvers.xpress import XpressSolver  # noqa: E402

SOLVERS: dict[str, Solver] = {
    "highs": HighsSolver(),
    "pulp": PulpSolver(),
    "scip": ScipSolver(),
    "ortools": OrToolsSolver(),
    "cpsat": CpSatSolver(),
    "glpk": GlpkSolver(),
    "gurobi": GurobiSolver(),
    "cplex": CplexSolver(),
    "xpress": XpressSolver(),
}
EXAMPLES = 5
"""How many disagreements of a kind are shown, unless all are."""


def main(arguments: list[str]) -> int:
    options = parsed(arguments)
    cases = [case for path in options.report for case in read(path)]
    if not options.report:
        cases = list(run(options))
    show(cases, list(options.solvers), all_of_them=options.all)
    return int(any(answer.outcome is Outcome.WRONG for case in cases for answer in case.answers.values()))


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Give the same small problems to all solvers, and compare answers.")
    parser.add_argument("--problems", type=int, default=20, help="of each class (20)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (0)")
    parser.add_argument("--classes", nargs="+", choices=CLASSES, default=list(CLASSES), help="of problems (all)")
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=list(SOLVERS), help="(all)")
    parser.add_argument("--into", type=Path, help="a file of JSON lines to go on with: what is there is not run again")
    parser.add_argument("--report", type=Path, nargs="+", default=[], help="such files, to be shown without a run")
    parser.add_argument("--all", action="store_true", help="show all disagreements, not some of each kind")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> Iterator[Case]:
    """Yield the cases that are asked for; each is written down as soon as it is there."""
    known = {(case.kind, case.seed): case for case in read(options.into)} if options.into else {}
    solvers = {name: isolated_solver(SOLVERS[name]) for name in options.solvers}  # a crash is an error of one solve
    for seed in range(options.first, options.first + options.problems):
        for kind in options.classes:
            case = known.get((kind, seed))
            if case is None:
                case = case_of(kind, seed, CLASSES[kind](seed), solvers)
                write(options.into, case)
            yield case


def read(path: Path) -> list[Case]:
    if not path.exists():
        return []
    return [Case.of_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path | None, case: Case) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(case.as_json()) + "\n")


def show(cases: list[Case], solvers: list[str], *, all_of_them: bool) -> None:
    show_outcomes(cases, solvers)
    show_reasons(cases, solvers)
    show_disagreements(cases, all_of_them=all_of_them)


def show_outcomes(cases: list[Case], solvers: list[str]) -> None:
    """Show how many answers of each solver to each class have each outcome; the last lines of each are all classes."""
    print(f"| solver | class | problems | {' | '.join(Outcome)} |")
    print(f"| --- | --- | ---: |{' ---: |' * len(Outcome)}")
    for solver in solvers:
        for kind in [*CLASSES, "all"]:
            answers = [case.answers[solver] for case in cases if kind in (case.kind, "all") and solver in case.answers]
            counts = Counter(answer.outcome for answer in answers)
            if answers:
                print(f"| {solver} | {kind} | {len(answers)} | {' | '.join(str(counts[each]) for each in Outcome)} |")


def show_reasons(cases: list[Case], solvers: list[str]) -> None:
    """Show why answers were not simply right."""
    print("\n| solver | outcome | reason | answers |\n| --- | --- | --- | ---: |")
    for solver in solvers:
        answers = [case.answers[solver] for case in cases if solver in case.answers]
        counts = Counter((each.outcome, brief(each.reason)) for each in answers if each.outcome is not Outcome.RIGHT)
        for (outcome, reason), count in counts.most_common():
            print(f"| {solver} | {outcome} | {reason} | {count} |")


def show_disagreements(cases: list[Case], *, all_of_them: bool) -> None:
    """Show what explains that pairs of solvers do not answer the same, and some problems of each kind."""
    explained = [(case, Counter(disagreements(case).values())) for case in cases]
    kinds = sorted({kind for _, counts in explained for kind in counts})
    print("\n| disagreement | problems | pairs of solvers |\n| --- | ---: | ---: |")
    for kind in kinds:
        counts = [counts[kind] for _, counts in explained if counts[kind]]
        print(f"| {kind} | {len(counts)} | {sum(counts)} |")
    for kind in kinds:
        own = [case for case, counts in explained if counts[kind]]
        print(f"\n{kind}:\n")
        for case in own if all_of_them or kind == Outcome.WRONG else own[:EXAMPLES]:
            print(f"* {told(case)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
