"""Solvers that do to their process what native code can do; never to be run in that of the tests."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np

from lumix_core.solver.solver import LXFeature, RawResult, SolverOptions
from lumix_core.solver.status import LXStatus
from lumix_solvers.highs import HighsSolver


class Faulty:
    """HiGHS, which does something else first: a method of this class, by name.

    Args:
        fault: the name, where ``options={"fault": name}`` says nothing else.
    """

    name = "faulty"
    features = frozenset(HighsSolver.features) | {LXFeature.PROGRESS}

    def __init__(self, fault: str = "none") -> None:
        self.fault = fault

    def is_available(self) -> bool:
        return True

    def solve(self, problem: Any, options: SolverOptions) -> Any:
        fault = options.options.get("fault", self.fault)
        changed = getattr(self, fault)(problem, options)
        return changed or HighsSolver().solve(problem, replace(options, options={}))

    def open(self, problem: Any, options: SolverOptions) -> Any:
        run = HighsSolver().open(problem, options)
        solve = run.solve

        def solve_with_fault() -> Any:
            getattr(self, self.fault)(problem, options)
            return solve()

        run.solve = solve_with_fault  # type: ignore[method-assign]
        return run

    def none(self, *_: Any) -> None:
        """Do nothing."""

    def segfault(self, *_: Any) -> None:
        """Read the address 0."""
        ctypes.string_at(0)

    def abort(self, *_: Any) -> None:
        """Abort, as failed assertions of C do, with last words."""
        ctypes.CDLL(None).dprintf(2, b"corrupted size vs. prev_size\n")
        ctypes.CDLL(None).abort()

    def exit(self, *_: Any) -> None:
        """Leave the process."""
        os._exit(7)

    def leave(self, *_: Any) -> None:
        """Leave the program, as Python does."""
        raise SystemExit(3)

    def scribble(self, *_: Any) -> None:
        """Write into descriptors that belong to others."""
        for descriptor in range(3, 20):
            with suppress(OSError):
                os.write(descriptor, b"native noise" * 10)

    def keep(self, *_: Any) -> RawResult:
        """Answer with what cannot be handed to another process."""
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="locked", details={"lock": Lock()})

    def starve(self, *_: Any) -> RawResult:
        """Answer at length, where no room is left for that."""
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        return RawResult(status=LXStatus.NO_SOLUTION, raw_status="long", details={"trace": np.zeros(10_000)})

    def misload(self, *_: Any) -> None:
        """Fail as a library does for which there is no room."""
        raise ImportError("failed to map segment from shared object")

    def beget(self, *_: Any) -> None:
        """Start a program and hang."""
        subprocess.Popen(["sleep", "600"])
        self.hang()

    def hang(self, *_: Any) -> None:
        """Wait in native code that holds Python's lock, and hears no signal of Python's."""
        ctypes.PyDLL(None).sleep(600)

    def allocate(self, *_: Any) -> None:
        """Take memory without an end, and use it."""
        held = []
        while True:
            held.append(bytearray(10_000_000))

    def write(self, *_: Any) -> None:
        """Write to the descriptors 1 and 2, as C does, and through Python."""
        libc = ctypes.CDLL(None)
        for _ in range(10_000):  # more than a pipe holds
            libc.write(1, b"native noise\n", 13)
            libc.write(2, b"native noise\n", 13)
        print("noise of Python")
        print("noise of Python", file=sys.stderr)

    def fail(self, problem: Any, _: Any) -> None:
        """Raise an exception of a class that cannot be pickled, with the names of a column and a row."""

        class NativeError(Exception):
            def __init__(self, one: int, two: int) -> None:
                super().__init__(f"{one} {two} {problem.column_name(1)} {problem.row_name(0)}")

        raise NativeError(1, 2)

    def deaf(self, *_: Any) -> None:
        """Go on in Python, whatever Ctrl-C says."""
        end = time.monotonic() + 600
        while time.monotonic() < end:
            try:
                time.sleep(0.1)
            except KeyboardInterrupt:
                continue


class Fragile(Faulty):
    """The same in problems that stay open, and only where the right-hand side of the first row is ``rhs``."""

    def __init__(self, fault: str, rhs: float) -> None:
        super().__init__()
        self.at_rhs, self.rhs = fault, rhs

    def open(self, problem: Any, options: SolverOptions) -> Any:
        run = HighsSolver().open(problem, options)
        solve, update, upper = run.solve, run.update, [problem.row_upper[0]]

        def noted(changes: Any) -> bool:
            upper[0] = changes.problem.row_upper[0]
            return update(changes)

        def solve_with_fault() -> Any:
            if upper[0] == self.rhs:
                getattr(self, self.at_rhs)(problem, options)
            return solve()

        run.solve, run.update = solve_with_fault, noted  # type: ignore[method-assign]
        return run
