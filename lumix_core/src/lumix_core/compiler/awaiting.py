"""Models whose rows an event loop has to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lumix_core.compiler.evaluator import Evaluator
from lumix_core.compiler.plan import plan
from lumix_core.errors import LXSourceError
from lumix_core.rows.awaiting import AwaitedQuery, AwaitedReading
from lumix_core.rows.features import LXRowFeature
from lumix_core.rows.sources import QuerySource, Source

if TYPE_CHECKING:
    from lumix_core.language.model import LXModel


def awaited_reading(model: LXModel) -> AwaitedReading | None:
    """Return what a model is to be compiled in while an event loop runs; None where any thread may compile it.

    Runs no query.

    Raises:
        LXSourceError: two row adapters wait in different ways.
    """
    with Evaluator() as evaluator:
        planned = plan(model, evaluator.tracer, evaluator.reading)
    waiting: dict[str, AwaitedReading] = {}
    for source, _ in planned.sources:
        reading = _of_source(source)
        if isinstance(source, QuerySource) and reading is not None:
            waiting.setdefault(source.adapter.name, reading)
    if len(waiting) > 1:
        raise LXSourceError(
            f"Model {model.name!r} reads rows of {' and '.join(map(repr, sorted(waiting)))}, which an event loop waits "
            f"for in different ways. Read the rows of one of them first, and give them to from_data()."
        )
    return next(iter(waiting.values()), None)


def _of_source(source: Source) -> AwaitedReading | None:
    if not isinstance(source, QuerySource) or LXRowFeature.AWAITED not in source.features:
        return None
    return cast(AwaitedQuery, source.query).awaited()
