"""The commands that take a model: solve, explain, export and sweep."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from lumix.outputs import checked_place, json_text, output_for, solution_record, value_writer
from lumix.targets import LXCommandError, model_of, value_of
from lumix_core.solver import LXLimit, LXOptimizer, LXSolution

if TYPE_CHECKING:
    from lumix.analysis.scenarios.scenario import LXScenario

SOLVED, UNSOLVED, INTERRUPTED = 0, 1, 130
TARGET = "module:build or path.py:build, a function that returns an LXModel, or a model"


class Change(NamedTuple):
    """An option of ``sweep`` that makes a scenario of each of some numbers."""

    example: str
    help: str
    title: str
    change: Callable[[LXScenario, str, float], LXScenario]


CHANGES = {
    "scale": Change(
        "CONSTRAINT=0.9,1.1",
        "multiply right-hand sides",
        "{} x {:.12g}",
        lambda scenario, name, number: scenario.modify_constraint_rhs(name, multiply=number),
    ),
    "rhs": Change(
        "CONSTRAINT=400,450",
        "set right-hand sides",
        "{} rhs = {:.12g}",
        lambda scenario, name, number: scenario.modify_constraint_rhs(name, set_value=number),
    ),
    "lower": Change(
        "VARIABLE=0,10",
        "set lower bounds",
        "{} lower = {:.12g}",
        lambda scenario, name, number: scenario.modify_variable_bound(name, lower=number),
    ),
    "upper": Change(
        "VARIABLE=40,50",
        "set upper bounds",
        "{} upper = {:.12g}",
        lambda scenario, name, number: scenario.modify_variable_bound(name, upper=number),
    ),
}


def add_commands(commands: Any) -> None:
    """Add the commands to a parser."""
    solve = _command(commands, "solve", show_solution, "solve a model, and print its solution")
    _add_solver(solve)
    solve.add_argument("--json", action="store_true", help="print JSON")
    solve.add_argument("--values", metavar="FILE", help="write the values of the variables to a .csv or .json file")
    explain = _command(commands, "explain", show_explanation, "tell how a model is built, or why it is infeasible")
    explain.add_argument("--infeasible", action="store_true", help="find constraints that cannot hold together")
    _add_solver(explain)
    export = _command(commands, "export", write_model, "write a model to an .mps, .lp or .json file")
    export.add_argument("path", help="the file, such as plan.mps, plan.lp or plan.mps.gz")
    sweep = _command(commands, "sweep", show_sweep, "solve scenarios of a model, and compare them")
    _add_solver(sweep)
    sweep.add_argument("--json", action="store_true", help="print JSON")
    sweep.add_argument("--scenarios", metavar="TARGET", help="module:name of a list of LXScenario, or of its function")
    for option, change in CHANGES.items():
        sweep.add_argument(f"--{option}", metavar=change.example, action="append", default=[], help=change.help)
    sweep.add_argument("--report", metavar="FILE", help="write a page with charts; needs plotly")


def show_solution(words: argparse.Namespace) -> int:
    """Solve a model; see `exit_status`."""
    write = value_writer(words.values)
    with output_for(words.json):
        solution = _optimizer(words).solve(model_of(words.target))
    print(json_text(solution_record(solution)) if words.json else solution.summary())
    if solution.is_feasible():
        write(solution)
    return exit_status(solution)


def exit_status(solution: LXSolution) -> int:
    """Return the exit status of a solve: that of Ctrl-C where it was interrupted, whether it found a point or not."""
    if solution.limit is LXLimit.INTERRUPT:
        return INTERRUPTED
    return SOLVED if solution.is_feasible() else UNSOLVED


def show_explanation(words: argparse.Namespace) -> int:
    """Print how a model is built, or why it has no solution."""
    model = model_of(words.target)
    print(_optimizer(words).explain_infeasibility(model) if words.infeasible else model.explain())
    return SOLVED


def write_model(words: argparse.Namespace) -> int:
    """Write a model to a file."""
    path = checked_place("The file", words.path)
    model_of(words.target).write(path)
    print(words.path)
    return SOLVED


def show_sweep(words: argparse.Namespace) -> int:
    """Solve scenarios; returns 0 where each has a point."""
    from lumix.analysis.charts.parts import graph_objects
    from lumix.analysis.scenarios.analyzer import LXScenarioAnalyzer

    if words.report:
        graph_objects()
        checked_place("--report", words.report)
    with output_for(words.json):
        scenarios = _scenarios(words)
        with LXScenarioAnalyzer(model_of(words.target), _optimizer(words)) as analyzer:
            analyzer.add_scenarios(*scenarios)
            sweep = analyzer.run_all_scenarios()
            compared = analyzer.compare_scenarios()
    rows = [_row(result) for result in sweep.values()]
    print(json_text(rows) if words.json else compared)
    if words.report:
        sweep.report(words.report)
        print(words.report, file=sys.stderr if words.json else sys.stdout)
    return SOLVED if all(row["objective"] is not None for row in rows) else UNSOLVED


def _scenarios(words: argparse.Namespace) -> list[LXScenario]:
    scenarios = _listed(words.scenarios) if words.scenarios else []
    for option in CHANGES:
        for text in getattr(words, option):
            scenarios += _changed(option, text)
    if not scenarios:
        raise LXCommandError("sweep needs scenarios. Give --scenarios module:name, or --scale CONSTRAINT=0.9,1.1.")
    return scenarios


def _changed(option: str, text: str) -> list[LXScenario]:
    """Return a scenario for each number of an option such as ``--scale wood=0.9,1.1``."""
    from lumix.analysis.scenarios.scenario import LXScenario

    example, _, title, change = CHANGES[option]
    name, equals, numbers = text.rpartition("=")
    try:
        values = [float(number) for number in numbers.split(",")] if equals else []
    except ValueError:
        values = []
    if not values:
        raise LXCommandError(f"--{option} {text!r} makes no sense. Write --{option} {example}.")
    return [change(LXScenario(title.format(name, value)), name, value) for value in values]


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


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[:1].upper()}{text[1:]}."
    )
    command.set_defaults(run=run)
    command.add_argument("target", help=TARGET)
    command.add_argument("--traceback", action="store_true", help="show where an error was raised")
    return command


def _add_solver(command: argparse.ArgumentParser) -> None:
    """Add what says how a model is solved."""
    command.add_argument("--solver", default="highs", help="the name of a solver (highs)")
    command.add_argument("--time-limit", type=float, metavar="SECONDS")
    command.add_argument("--gap", type=float, help="relative gap at which a run may stop")
    command.add_argument("--threads", type=int)
    command.add_argument("--isolated", action="store_true", default=None, help="in a process of its own")
    command.add_argument("--log", action="store_true", help="show the solver's log")
    command.add_argument(
        "--option", metavar="NAME=VALUE", action="append", default=[], help="an option by the solver's own name"
    )


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
