"""The optimiser: chooses a solver, checks requests and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from lumix_core.errors import (
    LXModelError,
    LXOptionError,
    LXSolverNotFoundError,
    listed,
)
from lumix_core.language.mixins import Bracketed
from lumix_core.solver.infeasibility.report import LXInfeasibility, explain_infeasibility
from lumix_core.solver.integrality import without_integrality
from lumix_core.solver.isolation import PROCESS_OPTIONS, Isolation, checked_process_options, start_early
from lumix_core.solver.live import Live
from lumix_core.solver.native import OnNative, checked_native
from lumix_core.solver.options import COMMON, KNOWN, checked_options, refuse_unsupported
from lumix_core.solver.progress import OnProgress
from lumix_core.solver.registry import load_solver
from lumix_core.solver.request import SolveRequest
from lumix_core.solver.session import LXLiveSession
from lumix_core.solver.solution import LXSolution
from lumix_core.solver.solver import LXFeature, Solver, SolverOptions

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel

DEFAULT_SOLVER = "highs"
_OF_EVERY_SOLVER = COMMON.keys() | PROCESS_OPTIONS.keys()


class LXOptimizer(Bracketed):
    """Solves models: ``LXOptimizer().use_solver("highs", time_limit=60).solve(model)``."""

    def __init__(self) -> None:
        self._solver: Solver | None = None
        self._options: dict[str, Any] = {}
        self._segments = SolverOptions.segments
        self._isolation = Isolation()
        self._max_denom: int | None = None
        self._on_native: OnNative | None = None

    def use_solver(self, solver: str | Solver, /, *, on_native: OnNative | None = None, **options: Any) -> Self:
        """Choose a solver and options for every run.

        Args:
            solver: the name of an installed solver, or a solver object.
            on_native: a function for every run; see `solve`.
            options: common options (`time_limit` in seconds, `mip_rel_gap`, `mip_abs_gap`, `threads`, `seed`, `log`,
                `options={...}` for native ones), and arguments of the solver's own, which may be called ``solver`` too:
                ``use_solver("pulp", solver="HiGHS")``. With ``isolated=True`` the solver runs in a process of its own,
                so that a crash, a hang or an exhausted ``memory_limit`` (bytes, or ``"2 GB"``) is an error of one solve
                alone. Without ``isolated`` it does where its library cannot share this process.

        Raises:
            LXSolverNotFoundError: no such solver can be used here.
            LXOptionError: an option is unknown, or its value is not valid.
        """
        common = {name: value for name, value in options.items() if name in _OF_EVERY_SOLVER}
        own = {name: value for name, value in options.items() if name not in _OF_EVERY_SOLVER}
        if isinstance(common.get("options"), Mapping):
            common["options"] = dict(common["options"])  # what the user changes later is no option of this solver
        checked_native(on_native)
        checked_process_options(common)
        checked_options({name: value for name, value in common.items() if name in COMMON})
        self._solver = load_solver(solver, own) if isinstance(solver, str) else _given(solver, own)
        self._options = common
        self._on_native = on_native
        return self

    def enable_linearization(self, *, pwl_segments: int = SolverOptions.segments) -> Self:
        """Set how narrowly products are relaxed that no rewriting makes exact.

        Args:
            pwl_segments: into how many parts a factor is cut at the most, each with an envelope of its own. More parts
                give a better bound, and take longer: each is a binary variable.

        Raises:
            LXOptionError: it is no whole number above 0.
        """
        if type(pwl_segments) is not int or pwl_segments < 1:
            raise LXOptionError(
                f"enable_linearization() got pwl_segments={pwl_segments!r:.80}. Give a whole number of at least 1."
            )
        self._segments = pwl_segments
        return self

    def enable_rational_conversion(self, *, max_denom: int = 10_000) -> Self:
        """Let a solver that counts in whole numbers, such as ``cpsat``, round coefficients to fractions.

        Without it, such a solver refuses coefficients with too many digits.

        Args:
            max_denom: the largest denominator.

        Raises:
            LXOptionError: it is no whole number above 0.
        """
        if type(max_denom) is not int or max_denom < 1:
            raise LXOptionError(
                f"enable_rational_conversion() got max_denom={max_denom!r:.80}. Give a whole number of at least 1."
            )
        self._max_denom = max_denom
        return self

    def leaves_open(self, option: str) -> bool:
        """Whether the solver honours a common option, and `use_solver` was given no value for it."""
        return self._options.get(option) is None and LXFeature(option) in self._chosen().features

    def solve(
        self,
        model: LXModel,
        *,
        start: LXSolution | Mapping[Any, Any] | None = None,
        relax: bool = False,
        fix: LXSolution | None = None,
        on_progress: OnProgress | None = None,
        on_native: OnNative | None = None,
        snapshot: bool = False,
        **options: Any,
    ) -> LXSolution:
        """Compile and solve a model.

        Args:
            model: the model; its rows are read now.
            start: a point to start from: a solution, or values by variable and key, as ``{"made": {1: 10.0}}``. Values
                may be missing; of a solution, those of variables that the model does not have are left out.
            relax: whether integer and binary variables may have any value within their bounds, so that there are duals.
            fix: a solution of the same families and keys, at whose values integer and binary variables are held, so
                that there are duals.
            on_progress: a function that is told of the progress, an `LXProgress`: at the beginning, and then at least
                once a second and at most ten times, on the thread that called `solve`. It may call ``cancel()``, and
                so may other threads. What it raises ends the run, and is raised here.
            on_native: a function that is called just before each run with the solver's own model, in which it may set
                what LumiX does not know, and the `LXProblem` that is in it, on the thread that solves. The guide says
                what each solver's model is. LumiX's own runs, by which it checks claims, are not shown. What it raises
                is raised here.
            snapshot: whether all of them are read at one moment, as by ``model.compile(snapshot=True)``.
            options: common options for this run, over those of `use_solver`.

        Raises:
            LXModelError: the model would be wrong, or the solution to be held at, or the point to start from, does not
                fit it.
            LXOptionError: an option is unknown, or the solver cannot honour it.
            LXNoSolutionError: the solution to be held at, or to start from, has no point.
            LXSolverError: the solver failed, or its answer does not satisfy the model.
        """
        solver, chosen = self._prepared("solve", model, options, on_native)
        request = SolveRequest.of(solver, chosen, without_integrality(relax, fix), start, on_progress)
        return _noted(model, request.solution(model.compile(snapshot=True) if snapshot else model.compile()))

    async def solve_async(
        self,
        model: LXModel,
        *,
        start: LXSolution | Mapping[Any, Any] | None = None,
        relax: bool = False,
        fix: LXSolution | None = None,
        on_progress: OnProgress | None = None,
        on_native: OnNative | None = None,
        snapshot: bool = False,
        **options: Any,
    ) -> LXSolution:
        """Compile and solve a model while the event loop of asyncio goes on; otherwise as `solve`.

        The model is compiled and solved on a thread of its own, which must not be disturbed: nobody else may use a
        session that the model reads from, or change the model, until the answer is there. Rows of an asynchronous
        session are awaited in the event loop. ``on_progress`` is called in the event loop.

        When the task is cancelled, the solver is stopped and its thread ends before ``asyncio.CancelledError`` is
        raised, within seconds; a query that runs then runs to its end.

        Raises:
            LXError: as `solve`.
            LXOptionError: no other thread can end a run of the solver.
        """
        from lumix_core.solver.event_loop import LoopReports, solved

        solver, chosen = self._prepared("solve_async", model, options, on_native)
        change = without_integrality(relax, fix)
        request = SolveRequest.of(solver, chosen, change, start, on_progress, make_reports=LoopReports, can_cancel=True)
        return _noted(model, await solved(request, model, partial(model.compile, snapshot=snapshot)))

    def explain_infeasibility(self, model: LXModel, **options: Any) -> LXInfeasibility:
        """Compile a model that has no solution, and find out why.

        Args:
            model: the model; its rows are read now, and it stays as it is.
            options: common options, over those of `use_solver`; ``time_limit`` (seconds) is for the whole analysis.

        Returns:
            A set of constraints and bounds that cannot hold together, of which none can be left out, and the least
            total relaxation that makes the model feasible.

        Raises:
            LXNotInfeasibleError: the model is feasible or unbounded, or it is not known that it is not.
            LXModelError: the model would be wrong.
            LXOptionError: an option is unknown, or the solver cannot honour it.
            LXSolverError: the solver failed, or one of its answers does not satisfy its problem.
        """
        solver, chosen = self._prepared("explain_infeasibility", model, options)
        return explain_infeasibility(solver, model.compile(), chosen)

    def open(self, model: LXModel, *, on_native: OnNative | None = None, **options: Any) -> LXLiveSession:
        """Compile a model and keep it open in the solver, to be changed and solved again.

        Args:
            model: the model; its rows are read now.
            on_native: a function for every run of the session; see `solve`. The model of the solver is the same one
                from run to run, unless the solver has to start anew.
            options: common options for every run of the session, over those of `use_solver`.

        Raises:
            LXModelError: the model would be wrong.
            LXOptionError: an option is unknown, or the solver cannot honour it.
        """
        solver, chosen = self._prepared("open", model, options, on_native)
        return LXLiveSession(model, Live(solver, chosen))

    def _prepared(
        self, call: str, model: LXModel, options: Mapping[str, Any], on_native: OnNative | None = None
    ) -> tuple[Solver, SolverOptions]:
        checked_model(model, call)
        given = {**self._options, **options}
        of_process = checked_process_options(given)
        of_run = {name: value for name, value in given.items() if name not in PROCESS_OPTIONS}
        native = checked_native(self._on_native if on_native is None else on_native)
        chosen = replace(checked_options(of_run), segments=self._segments, max_denom=self._max_denom, native=native)
        solver = self._isolation.solver(self._chosen(), **of_process)
        refuse_unsupported(solver, chosen)
        start_early(solver)  # while the model is compiled
        return solver, chosen

    def _chosen(self) -> Solver:
        if self._solver is None:
            self._solver = load_solver(DEFAULT_SOLVER, {})
        return self._solver


def _noted(model: LXModel, solution: LXSolution) -> LXSolution:
    """Return a solution, after the model was told how the solver was given what is not linear."""
    model.note_reformulations(solution.details.get("reformulations", ()))
    return solution


def checked_optimizer(given: object, caller: str) -> LXOptimizer:
    """Return what was given as an optimizer.

    Raises:
        LXModelError: it is not an optimizer.
    """
    if isinstance(given, LXOptimizer):
        return given
    raise LXModelError(f"{caller}() got {given!r:.80} as its optimizer. Write {caller}(model, LXOptimizer()).")


def checked_model(given: LXModel, caller: str) -> LXModel:
    """Return what was given as a model; raises as `checked_optimizer`."""
    if isinstance(given, type) or not hasattr(given, "compile"):
        raise LXModelError(f"{caller}() got {given!r:.80}, which is not a model. Give it an LXModel.")
    return given


def _given(solver: Solver, arguments: Mapping[str, Any]) -> Solver:
    if isinstance(solver, type) or not isinstance(solver, Solver):
        raise LXSolverNotFoundError(
            f"use_solver() got {solver!r}, which is neither the name of a solver nor a solver object. "
            f"Give a name such as 'highs', or an object with name, features, is_available() and solve()."
        )
    if arguments:
        raise LXOptionError(
            f"use_solver() got a solver object and {listed(arguments)}, which is no common option ({KNOWN}). "
            f"Give such arguments to the object's own class."
        )
    return solver
