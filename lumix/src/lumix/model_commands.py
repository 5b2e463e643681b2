"""The commands that take a model: solve, explain, export and sweep."""

from __future__ import annotations

import argparse
import ast
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lumix.targets import LXCommandError, model_of, value_of
from lumix_core.solver import LXOptimizer, LXSolution

SOLVED, UNSOLVED = 0, 1
TARGET = "module:build or path.py:build, a function that returns an LXModel, or a model"


def add_commands(commands: Any) -> None:
    """Add the commands to a parser."""
    solve = _command(commands, "solve", show_solution, "solve a model, and print its solution", solver=True)
    solve.add_argument("--values", metavar="FILE", help="write the values of the variables to a .csv or .json file")
    explain = _command(
        commands, "explain", show_explanation, "tell how a model is built, or why it is infeasible", True
    )
    explain.add_argument("--infeasible", action="store_true", help="find constraints that cannot hold together")
    export = _command(commands, "export", write_model, "write a model to an .mps or .lp file")
    export.add_argument("path", help="the file, such as plan.mps, plan.lp or plan.mps.gz")
    sweep = _command(commands, "sweep", show_sweep, "solve scenarios of a model, and compare them", solver=True)
    sweep.add_argument("--scenarios", metavar="TARGET", help="module:name of a list of LXScenario, or of its function")
    sweep.add_argument(
        "--scale", metavar="CONSTRAINT=0.9,1.1", action="append", default=[], help="multiply right-hand sides"
    )
    sweep.add_argument("--report", metavar="FILE", help="write a page with charts; needs plotly")


def show_solution(words: argparse.Namespace) -> int:
    """Solve a model; returns 0 where there is a point."""
    write = _writer(words.values)
    solution = _optimizer(words).solve(model_of(words.target))
    print(json.dumps(_plain(solution), default=str) if words.json else solution.summary())
    if solution.is_feasible():
        write(solution)
    return SOLVED if solution.is_feasible() else UNSOLVED


def show_explanation(words: argparse.Namespace) -> int:
    """Print how a model is built, or why it has no solution."""
    model = model_of(words.target)
    print(_optimizer(words).explain_infeasibility(model) if words.infeasible else model.explain())
    return SOLVED


def write_model(words: argparse.Namespace) -> int:
    """Write a model to a file."""
    model_of(words.target).write(words.path)
    print(words.path)
    return SOLVED


def show_sweep(words: argparse.Namespace) -> int:
    """Solve scenarios; returns 0 where each has a point."""
    from lumix.analysis.scenarios.analyzer import LXScenarioAnalyzer

    if not words.scenarios and not words.scale:
        raise LXCommandError("sweep needs scenarios. Give --scenarios module:name, or --scale CONSTRAINT=0.9,1.1.")
    with LXScenarioAnalyzer(model_of(words.target), _optimizer(words)) as analyzer:
        analyzer.add_scenarios(*_scenarios(words))
        sweep = analyzer.run_all_scenarios()
        rows = [_row(result) for result in sweep.values()]
        print(json.dumps(rows) if words.json else analyzer.compare_scenarios())
    if words.report:
        print(sweep.report(words.report))
    return SOLVED if all(row["objective"] is not None for row in rows) else UNSOLVED


def _scenarios(words: argparse.Namespace) -> list[Any]:
    from lumix.analysis.scenarios.scenario import LXScenario

    scenarios = _listed(words.scenarios) if words.scenarios else []
    for text in words.scale:
        name, equals, factors = text.rpartition("=")
        try:
            numbers = [float(factor) for factor in factors.split(",")] if equals else []
        except ValueError:
            numbers = []
        if not numbers:
            raise LXCommandError(f"--scale {text!r} makes no sense. Write --scale CONSTRAINT=0.9,1.1.")
        scenarios += [LXScenario(f"{name} x {n:g}").modify_constraint_rhs(name, multiply=n) for n in numbers]
    return scenarios


def _listed(target: str) -> list[Any]:
    value = value_of(target)
    if isinstance(value, list | tuple):
        return list(value)
    raise LXCommandError(f"{target!r} gives {value!r:.60}, which is no list of LXScenario. Name such a list.")


def _row(result: Any) -> dict[str, Any]:
    error = getattr(result, "error", None)
    has_point = not error and result.is_feasible()
    return {
        "scenario": result.name,
        "status": "error" if error else str(result.status),
        "objective": result.objective_value if has_point else None,
        **({"error": str(error)} if error else {}),
    }


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str, solver: bool = False
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[:1].upper()}{text[1:]}."
    )
    command.set_defaults(run=run)
    command.add_argument("target", help=TARGET)
    command.add_argument("--traceback", action="store_true", help="show where an error was raised")
    if solver:
        command.add_argument("--solver", default="highs", help="the name of a solver (highs)")
        command.add_argument("--time-limit", type=float, metavar="SECONDS")
        command.add_argument("--gap", type=float, help="relative gap at which a run may stop")
        command.add_argument("--threads", type=int)
        command.add_argument("--isolated", action="store_true", default=None, help="in a process of its own")
        command.add_argument("--log", action="store_true", help="show the solver's log")
        command.add_argument(
            "--option", metavar="NAME=VALUE", action="append", default=[], help="an option by the solver's own name"
        )
        command.add_argument("--json", action="store_true", help="print JSON")
    return command


def _optimizer(words: argparse.Namespace) -> LXOptimizer:
    return LXOptimizer().use_solver(
        words.solver,
        time_limit=words.time_limit,
        mip_rel_gap=words.gap,
        threads=words.threads,
        isolated=words.isolated,
        log=words.log,
        options=dict(map(_option, words.option)),
    )


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise LXCommandError(f"--option {text!r} makes no sense. Write --option NAME=VALUE.")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _writer(path: str | None) -> Callable[[LXSolution], object]:
    """Return what writes the values of a solution; the name of the file is looked at before the model is solved."""
    if path is None:
        return lambda _: None
    writers = {".csv": _write_csv, ".json": _write_json}
    kind = Path(path).suffix
    if kind not in writers:
        raise LXCommandError(f"--values {path!r} is of no kind that is known. Name a .csv or a .json file.")
    if not Path(path).parent.is_dir():
        raise LXCommandError(f"--values {path!r} cannot be written: there is no folder {str(Path(path).parent)!r}.")
    return lambda solution: writers[kind](solution, Path(path))


def _write_csv(solution: LXSolution, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("variable", "key", "value"))
        for name, values in _values(solution).items():
            rows.writerows((name, _text(key), value) for key, value in values)


def _write_json(solution: LXSolution, path: Path) -> None:
    path.write_text(json.dumps(_values(solution), default=str), encoding="utf-8")


def _text(key: Any) -> str:
    """Return a key for a cell: of several parts, a JSON list."""
    if key is None:
        return ""
    return json.dumps(key, default=str) if isinstance(key, tuple) else str(key)


def _values(solution: LXSolution) -> dict[str, list[tuple[Any, Any]]]:
    """Return key and value of each element by variable; a variable without an index has None for a key."""
    return {
        name: list(values.items()) if hasattr(values, "items") else [(None, values)]
        for name, values in solution.variables.items()
    }


def _plain(solution: LXSolution) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "status": str(solution.status),
        "limit": None if solution.limit is None else str(solution.limit),
        "solver": solution.solver,
        "seconds": solution.solve_time,
    }
    if solution.is_feasible():
        plain |= {"objective": solution.objective_value, "best_bound": solution.best_bound, "gap": solution.gap}
        plain["values"] = _values(solution)
    return plain
