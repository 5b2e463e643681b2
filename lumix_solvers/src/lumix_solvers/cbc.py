"""CBC, run as the program that it is.

It is given a file with all digits and writes its answer as binary numbers, so that nothing is
rounded; what ended the run is read off its solution file and its log.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lumix_core.errors import LXSolverError, LXVerificationError
from lumix_core.problem import FloatArray, LXProblem
from lumix_core.solver import (
    LXLimit,
    LXStatus,
    RawResult,
    SolverOptions,
    Verifier,
    bad_native_option,
    unknown_native_option,
)
from lumix_solvers.cbc_rows import without_units
from lumix_solvers.cutoffs import within_cutoff
from lumix_solvers.logs import Write
from lumix_solvers.mps import write_mps
from lumix_solvers.onesided import OneSidedRows, one_sided
from lumix_solvers.program import Program

STATUSES = {
    "Optimal": LXStatus.OPTIMAL,
    "Infeasible": LXStatus.INFEASIBLE,
    "Integer infeasible": LXStatus.INFEASIBLE,
    "Unbounded": LXStatus.UNBOUNDED,
    "Stopped": LXStatus.NO_SOLUTION,
}
"""How the first line of CBC's solution file starts; every other one is an error."""

LIMITS = {
    "Stopped on time limit": LXLimit.TIME,
    "Stopped on node limit": LXLimit.NODE,
    "Stopped on solution limit": LXLimit.SOLUTION,
    "Stopped on iteration limit": LXLimit.ITERATION,
    "User ctrl-c": LXLimit.INTERRUPT,
}
"""How the line ``Result - ...`` of its log goes on."""

OPTIONS: Mapping[str, Callable[[Any], list[str]]] = {
    "time_limit": lambda seconds: ["-seconds", str(float(seconds))],
    # CBC measures the gap against the larger of incumbent and bound; this makes it hold against the incumbent.
    "mip_rel_gap": lambda gap: ["-ratioGap", str(float(gap / (1 + gap)))],
    "mip_abs_gap": lambda gap: ["-allowableGap", str(float(gap))],
    # 0 is a single thread to CBC; from 100 on it means other things.
    "threads": lambda count: ["-threads", str(0 if count == 1 else min(count, 99))],
    # 0 would be the time of day.
    "seed": lambda seed: ["-randomSeed", str(seed or 2**31 - 1), "-randomCbcSeed", str(seed or 2**31 - 1)],
}
"""The common options as CBC's arguments."""

COMPLAINTS = ("No match for", "valid range", "is illegal for", "Possible options for")
"""What CBC prints, and goes on, where it does not know an option or refuses its value."""

PATIENCE = 60.0
"""Seconds that CBC gets to list its parameters, or to look at a value; it takes milliseconds."""

CRASHED = ""
"""The header of a solution file that CBC died of, as without preprocessing on some problems without a point."""

DOUBTFUL = (
    "Cgl0004I processed model has 0 rows, 0 columns",  # preprocessing alone decides, wrongly at times
    "Cgl0013I",  # the point that was found is none of the problem
    "Cgl0014I",  # it has another objective there
)
"""How lines of its log start after which an integer problem is solved again without preprocessing."""

PREPROCESSING = ("-tunePreProcess", "4102")
"""The arguments of every run: CBC's own 6, and 4096 for not looking for integer columns that are alike. After that look
it reports optima that are not the best (seen in 2.10.3)."""

CAREFUL = ("-presolve", "off", "-preprocess", "off", "-heur", "off", "-integerT", "1e-9", "-primalT", "1e-9")
"""The arguments of a run whose answer is to be trusted: heuristics find points that are none, and end the search."""

HARMFUL = {"direction"}
"""Options that would change the problem."""


class Cbc:
    """A CBC executable.

    Args:
        path: of the executable.
        name: of the solver, for messages.
    """

    def __init__(self, path: str, name: str) -> None:
        self.path = str(Path(path).resolve())
        self.name = name

    def solve(self, problem: LXProblem, options: SolverOptions, write: Write) -> RawResult:
        """Solve a problem, writing the log with ``write``."""
        arguments = [*_common(options), *self._native(options.options)]
        with TemporaryDirectory(prefix="lumix-") as name:
            folder = Path(name)
            given = without_units(problem) if problem.is_mip else problem
            write_mps(given, one_sided(given), folder / "problem.mps")
            if options.start is not None:
                _write_start(options.start, folder / "start.txt")
                arguments += ["-mipstart", "start.txt"]
            result = self._run(problem, options, write, folder, arguments)
            if result.raw_status == CRASHED:
                result = self._run(problem, options, write, folder, [*arguments, "-preprocess", "sos"])
            return result

    def _run(
        self, problem: LXProblem, options: SolverOptions, write: Write, folder: Path, arguments: list[str]
    ) -> RawResult:
        run = Program([self.path, "problem.mps", *arguments, *_COMMANDS], folder, write)
        run.run(options.time_limit, lambda: options.is_cancelled)
        if run.stopped_by is None and options.presolve and any(line.startswith(DOUBTFUL) for line in run.log):
            return self._run(problem, replace(options, presolve=False), write, folder, [*arguments, *CAREFUL])
        return _Reading(self.name, problem, options, run).result(folder, one_sided(problem))

    def _native(self, options: Mapping[str, Any]) -> Iterator[str]:
        """Yield the arguments for native options, each tried first on CBC without a problem."""
        known = {name.lower(): name for name in self._known()} if options else {}
        for name, value in options.items():
            if name.lower() not in known:
                raise unknown_native_option(self.name, name, list(known.values()))
            arguments = [f"-{known[name.lower()]}", _written(value)]
            for line in self._output(*arguments):
                if any(complaint in line for complaint in COMPLAINTS):
                    raise bad_native_option(self.name, name, value, line.strip("<> ;"))
            yield from arguments

    def _known(self) -> Iterator[str]:
        """Yield the names of its parameters, off the list that ``-?`` prints, where one reads ``ratio(Gap)``."""
        of_parameters = False
        for line in self._output("-allCommands", "all", "-?"):
            if line.endswith(":"):
                of_parameters = "Actions" not in line and "actions" not in line
            elif of_parameters and line.startswith(" "):
                names = (re.sub("[()]", "", word) for word in line.split())
                yield from (name for name in names if name not in HARMFUL)

    def _output(self, *arguments: str) -> list[str]:
        command = [self.path, *arguments, "-quit"]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        _, _, output = done.stdout.partition("(default strategy")
        return output.splitlines()[1:]


_COMMANDS = ("-solve", "-solution", "solution.txt", "-saveSolution", "solution.bin", "-quit")


def _common(options: SolverOptions) -> Iterator[str]:
    yield from ("-timeMode", "elapsed")  # the default counts processor time, and loses incumbents at the limit
    yield from PREPROCESSING
    if not options.presolve:
        yield from CAREFUL
    for name, arguments in OPTIONS.items():
        value = getattr(options, name)
        if value is not None:
            yield from arguments(value)


def _write_start(x: FloatArray, path: Path) -> None:
    """Write a point as CBC writes its own solutions, which is how it reads one: number, name, value, reduced cost."""
    lines = [f"{j} C{j} {value!r} 0\n" for j, value in enumerate(x.tolist())]
    path.write_text("".join(["Stopped on time - objective value 0\n", *lines]), encoding="ascii")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


@dataclass(frozen=True, eq=False)
class _Point:
    """What CBC's binary solution file holds, in the user's sense."""

    x: FloatArray
    objective: float
    duals: FloatArray
    reduced_costs: FloatArray

    @classmethod
    def read(cls, path: Path, problem: LXProblem, rows: OneSidedRows) -> _Point:
        """Read the file: the numbers of rows and columns, the objective, then values and duals of both."""
        data = path.read_bytes()
        r, n = (int(size) for size in np.frombuffer(data, np.int32, 2))
        values = np.frombuffer(data, np.float64, offset=8)
        _, duals, x, reduced_costs = np.split(values[1:], [r, 2 * r, 2 * r + n])
        sign = -1.0 if problem.maximize else 1.0
        return cls(
            x=x.copy(),
            objective=sign * float(values[0]),
            duals=sign * rows.merged(duals, problem.num_constraints) + 0.0,
            reduced_costs=sign * reduced_costs + 0.0,
        )


class _Reading:
    """The answer of a run: what CBC left, believed as far as it fits together."""

    def __init__(self, name: str, problem: LXProblem, options: SolverOptions, run: Program) -> None:
        self._name = name
        self._problem = problem
        self._options = options
        self._run = run

    def result(self, folder: Path, rows: OneSidedRows) -> RawResult:
        """Read the files in ``folder``."""
        header = self._header(folder / "solution.txt")
        status = next((status for word, status in STATUSES.items() if header.startswith(word)), LXStatus.ERROR)
        if self._run.killed or status is LXStatus.NO_SOLUTION:
            has_point = not self._run.killed and "no integer solution" not in header
            point = _Point.read(folder / "solution.bin", self._problem, rows) if has_point else None
            return self._stopped(header, point)
        if status is LXStatus.OPTIMAL:
            return self._optimal(header, _Point.read(folder / "solution.bin", self._problem, rows))
        if status is LXStatus.UNBOUNDED and self._problem.is_mip:
            status = LXStatus.INFEASIBLE_OR_UNBOUNDED  # CBC has looked at the relaxation only
        status, limit = within_cutoff((status, None), self._options, "cutoff")
        return RawResult(status=status, raw_status=header, limit=limit)

    def _header(self, path: Path) -> str:
        if self._run.killed:
            return "Killed"
        if not path.exists():
            raise LXSolverError(
                f"Solver {self._name!r} ended without an answer; the last line of its log: {self._run.log[-1:]}. "
                f"Nothing is known of the model; try log=True to see its log, or another solver."
            )
        header, _, _ = path.read_text(encoding="ascii", errors="replace").partition(" - objective value")
        return header

    def _optimal(self, header: str, point: _Point) -> RawResult:
        result = self._logged("Result - ")
        if result and not result.startswith("Optimal"):
            return RawResult(status=LXStatus.ERROR, raw_status=f"{header}, but {result}")
        mip = self._problem.is_mip
        return RawResult(
            status=LXStatus.OPTIMAL,
            raw_status=header,
            x=point.x,
            objective=point.objective,
            best_bound=self._within_gap(point.objective) if mip and "gap" in header else point.objective,
            duals=None if mip else point.duals,
            reduced_costs=None if mip else point.reduced_costs,
        )

    def _stopped(self, header: str, point: _Point | None) -> RawResult:
        """Answer for a run that a limit ended. A point is kept only if it solves the problem: CBC's may not."""
        empty = RawResult(
            status=LXStatus.NO_SOLUTION,
            raw_status=header,
            limit=self._limit(header),
            best_bound=self._bound() if self._problem.is_mip else None,
        )
        if point is None:
            return empty
        incumbent = replace(empty, status=LXStatus.FEASIBLE, x=point.x, objective=point.objective)
        try:
            return Verifier(self._name, self._problem, self._options).checked(incumbent)
        except LXVerificationError:
            return empty

    def _limit(self, header: str) -> LXLimit:
        if self._run.stopped_by is not None:
            return self._run.stopped_by
        if "on time" in header:
            return LXLimit.TIME
        result = self._logged("Result - ")
        return next((limit for word, limit in LIMITS.items() if result.startswith(word)), LXLimit.OTHER)

    def _within_gap(self, objective: float) -> float | None:
        """Return the bound behind an optimum within a gap: the better of the log's and the one that the gap implies."""
        printed = self._bound()
        if self._options.options:  # which may hold another gap
            return printed
        gap = max(self._options.mip_abs_gap or 0.0, (self._options.mip_rel_gap or 0.0) * abs(objective))
        if self._problem.maximize:
            return objective + gap if printed is None else min(objective + gap, printed)
        return objective - gap if printed is None else max(objective - gap, printed)

    def _bound(self) -> float | None:
        """Return the proved bound of the log, less what its rounding may have added.

        It is printed with three decimals in the end, and with eight digits where the search ends.
        """
        coarse = self._logged("Lower bound:")
        if not coarse or abs(float(coarse)) > 1e49:
            return None
        bound = float(coarse) - 0.5e-3
        _, _, fine = self._logged("Cbc0005I").partition("(best possible ")
        number = re.match(r"[-+.\de]+", fine)
        if number and abs(float(number[0]) - float(coarse)) < 1e-3:
            bound = max(bound, float(number[0]) - 0.5e-7 * abs(float(number[0])))
        return (-bound if self._problem.maximize else bound) + 0.0

    def _logged(self, start: str) -> str:
        """Return the last line of the log that starts so, without the start."""
        lines = (line for line in reversed(self._run.log) if line.startswith(start))
        return next(lines, start)[len(start) :].strip()
