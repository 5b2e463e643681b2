"""A timetable: which lecture is held when, and in which room, from a database and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from school import DEFAULT_URL, Lecture, PlacedLecture, init_database
from sqlalchemy import select
from sqlalchemy.orm import Session
from timetable_model import DAYS, WISHES, build_model
from week_grid import page, weeks

from lumix import LXModel, LXOptimizer, LXSolution, LXWriteBack


def solve(model: LXModel, solver: str = "highs", time_limit: float = 300) -> LXSolution:
    return LXOptimizer().use_solver(solver).solve(model, time_limit=time_limit)


def save(session: Session, solution: LXSolution) -> None:
    """Replace the saved timetable by this one, in one transaction."""
    chosen = [key for key, value in solution.variables["held"].items() if value]
    LXWriteBack().replace(PlacedLecture, chosen, key=("lecture_id", "slot_id", "room_id")).write(session)
    session.commit()


def display(session: Session, solution: LXSolution, names: Sequence[str]) -> None:
    """Print how well the preferences are met, and the weeks of these names."""
    print(f"Points of wishes not met: {solution.get_total_deviation(WISHES):g}")
    print(f"Lectures too many on a day: {solution.get_total_deviation(DAYS):g}")
    for week in weeks(session):
        if week.title in names:
            print(f"\n{week.text()}")


def plan(session: Session, given: argparse.Namespace) -> int:
    """Solve, save and print; return the exit status."""
    if session.scalar(select(Lecture.id).limit(1)) is None:
        print("The database holds no lectures: run school_data.py to fill it.", file=sys.stderr)
        return 1
    started = perf_counter()
    model = build_model(session)
    size = model.compile().num_variables
    built = perf_counter()
    solution = solve(model, given.solver, given.time_limit)
    if not solution.is_feasible():
        print(f"There is no timetable: the model is {solution.status}.", file=sys.stderr)
        return 1
    if given.times:
        print(f"{size:,} variables built in {built - started:.2f} s, solved in {perf_counter() - built:.1f} s")
    save(session, solution)
    display(session, solution, given.show)
    if given.html:
        Path(given.html).write_text(page(weeks(session)), encoding="utf-8")
    return 0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make the timetable of a school.")
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, help="default: %(default)s")
    parser.add_argument("--show", nargs="+", default=["1A"], metavar="NAME", help="classes, teachers, rooms")
    parser.add_argument("--html", metavar="PATH", help="write all weeks to a page")
    parser.add_argument("--solver", default="highs", metavar="NAME", help="default: %(default)s")
    parser.add_argument("--time-limit", type=float, default=300, metavar="SECONDS", help="default: %(default)s")
    parser.add_argument("--times", action="store_true", help="tell how long it took")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    given = arguments(argv)
    engine = init_database(given.url)
    with Session(engine) as session:
        status = plan(session, given)
    engine.dispose()
    return status


if __name__ == "__main__":
    sys.exit(main())
