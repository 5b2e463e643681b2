"""The history of runs: columns for a table of the user's own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Double, String
from sqlalchemy.orm import Mapped, mapped_column


class RunColumns:
    """What ``record(...)`` of a write-back writes of a run, as columns of a class of your own.

    ::

        class PlanRun(RunColumns, Base):
            __tablename__ = "plan_runs"

    Leave nothing out and add what you like; a class that has some of these attributes only works too.
    """

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """``solution.run_id``: 32 hexadecimal digits."""
    model: Mapped[str] = mapped_column(String(255))
    solver: Mapped[str | None] = mapped_column(String(64))
    """NULL where a scenario failed."""
    status: Mapped[str] = mapped_column(String(32))
    """One of the values of `LXStatus`."""
    limit: Mapped[str | None] = mapped_column(String(32))
    """What ended the run early, one of the values of `LXLimit`."""
    objective: Mapped[float | None] = mapped_column(Double)
    """In the user's sense; NULL where there is no point."""
    best_bound: Mapped[float | None] = mapped_column(Double)
    gap: Mapped[float | None] = mapped_column(Double)
    """Relative: 0.01 is one percent."""
    solve_time: Mapped[float | None] = mapped_column(Double)
    """Seconds in the solver; NULL where a scenario failed."""
    finished_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    """In UTC; databases that know no time zones (SQLite, MySQL) give it back without one."""
