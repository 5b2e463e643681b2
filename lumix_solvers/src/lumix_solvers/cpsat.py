"""CP-SAT, of OR-Tools."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from lumix_core.errors import LXOptionError
from lumix_core.problem import LXProblem
from lumix_core.solver import KnownFault, LXFeature, LXStatus, RawResult, SolverOptions
from lumix_solvers.cpsat_run import CpSatRun, parameters
from lumix_solvers.known_faults import faults_of
from lumix_solvers.logs import log_lines
from lumix_solvers.whole import bounds_cross


class CpSatSolver:
    """The CP-SAT solver of OR-Tools; needs ``pip install "lumix-solvers[cpsat]"``.

    It takes problems of whole variables with bounds, semi-integer columns, indicators and products. Coefficients that
    are not whole are scaled exactly, row by row, or refused.

    Args:
        max_denom: round coefficients to fractions of at most this denominator. Without it nothing is rounded.

    Raises:
        LXOptionError: it is no whole number above 0.
    """

    name = "cpsat"
    features = frozenset(LXFeature) - {
        LXFeature.DUALS,
        LXFeature.CONFLICTS,
        LXFeature.SEMICONTINUOUS,
        LXFeature.SOS1,
        LXFeature.SOS2,
        LXFeature.FUNCTIONS,
    }

    def __init__(self, max_denom: int | None = None) -> None:
        if max_denom is not None and (type(max_denom) is not int or max_denom < 1):
            raise LXOptionError(
                f"Option max_denom={max_denom!r:.80} makes no sense: give a whole number of at least 1."
            )
        self.max_denom = max_denom

    @property
    def known_faults(self) -> Sequence[tuple[KnownFault, str]]:
        """See `lumix_core.solver.KnowsFaults`."""
        return faults_of("ortools")

    def is_available(self) -> bool:
        """Whether OR-Tools is installed; it is not imported."""
        return find_spec("ortools") is not None

    def check_options(self, options: SolverOptions) -> None:
        """Refuse native options; see `lumix_core.solver.ChecksOptions`."""
        parameters(options)

    def solve(self, problem: LXProblem, options: SolverOptions) -> RawResult:
        """Solve a problem; see `lumix_core.solver.Solver`.

        Raises:
            LXUnsupportedError: a column is not whole, or has no end.
            LXNumberError: a row does not fit into whole numbers of 64 bits.
            LXOptionError: CP-SAT has no such native option, or refuses the value of an option.
        """
        if bounds_cross(problem) and not problem.structures.has_semi:
            return RawResult(status=LXStatus.INFEASIBLE, raw_status="bounds cross")
        with log_lines(options.log) as write:
            return CpSatRun(problem, options, options.max_denom or self.max_denom, write).solve()
