"""The history of runs: an abstract model, for a table of the user's own. Imported where Django is set up."""

from __future__ import annotations

from django.db import models


class RunFields(models.Model):  # type: ignore[misc]
    """What ``record(...)`` of a write-back writes of a run, as fields of a model of your own.

    ::

        class PlanRun(RunFields):
            comment = models.CharField(max_length=100, null=True)

    The table is your app's, and so are its migrations. Leave nothing out and add what you like; a model that has some
    of these fields only works too.
    """

    id = models.CharField(max_length=32, primary_key=True)
    """``solution.run_id``: 32 hexadecimal digits."""
    model = models.CharField(max_length=255)
    solver = models.CharField(max_length=64, null=True, blank=True)
    """NULL where a scenario failed."""
    status = models.CharField(max_length=32)
    """One of the values of `LXStatus`."""
    limit = models.CharField(max_length=32, null=True, blank=True)
    """What ended the run early, one of the values of `LXLimit`."""
    objective = models.FloatField(null=True, blank=True)
    """In the user's sense; NULL where there is no point."""
    best_bound = models.FloatField(null=True, blank=True)
    gap = models.FloatField(null=True, blank=True)
    """Relative: 0.01 is one percent."""
    solve_time = models.FloatField(null=True, blank=True)
    """Seconds in the solver; NULL where a scenario failed."""
    finished_at = models.DateTimeField(db_index=True)
    """In UTC."""

    class Meta:
        """The table is that of the class which inherits."""

        abstract = True
