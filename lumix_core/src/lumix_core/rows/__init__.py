"""Where rows come from: the seam for an ORM, and what adapters share."""

from lumix_core.rows.adapter import ColumnQuery, KeepingQuery, ReaderQuery, ReasonedQuery, RowAdapter, RowQuery
from lumix_core.rows.awaiting import AwaitedQuery, AwaitedReading
from lumix_core.rows.base import BaseRowAdapter
from lumix_core.rows.columns import TYPED, Column, GrowingColumn, column, has_nan, object_column, transposed
from lumix_core.rows.copyable import Copyable
from lumix_core.rows.features import LXRowFeature, features_of
from lumix_core.rows.frames import is_frame, make_frame, read_frame
from lumix_core.rows.gc_pause import Paused
from lumix_core.rows.loading import ReleasingAdapter
from lumix_core.rows.postgres_copy import MAY_COPY, ROWS_AT_LEAST, Writer, blocks, text_writer
from lumix_core.rows.referring import REFERRING_KEYS, ReferringKey, referring_keys
from lumix_core.rows.refreshing import RefreshingQuery
from lumix_core.rows.registry import adapter_for, row_adapters
from lumix_core.rows.snapshots import SnapshotQuery
from lumix_core.rows.sql import (
    KEEPING,
    NOT_TRANSACTIONAL,
    SQL_MODE,
    advisory_lock_statements,
    batches_of_rows,
    existing_keys,
    refuse_without_strictness,
    refuse_without_transactions,
)
from lumix_core.rows.standins import RowClass, not_loaded, row_class_of, slots_of
from lumix_core.rows.tables import Path
from lumix_core.rows.writing import (
    CountingWriter,
    FilteredWriter,
    Key,
    Kind,
    OneOf,
    Reference,
    RowWriter,
    WritingAdapter,
    WrittenField,
    WrittenTable,
)

__all__ = [
    "KEEPING",
    "MAY_COPY",
    "NOT_TRANSACTIONAL",
    "REFERRING_KEYS",
    "ROWS_AT_LEAST",
    "SQL_MODE",
    "TYPED",
    "AwaitedQuery",
    "AwaitedReading",
    "BaseRowAdapter",
    "Column",
    "ColumnQuery",
    "Copyable",
    "CountingWriter",
    "FilteredWriter",
    "GrowingColumn",
    "KeepingQuery",
    "Key",
    "Kind",
    "LXRowFeature",
    "OneOf",
    "Path",
    "Paused",
    "ReaderQuery",
    "ReasonedQuery",
    "Reference",
    "ReferringKey",
    "RefreshingQuery",
    "ReleasingAdapter",
    "RowAdapter",
    "RowClass",
    "RowQuery",
    "RowWriter",
    "SnapshotQuery",
    "Writer",
    "WritingAdapter",
    "WrittenField",
    "WrittenTable",
    "adapter_for",
    "advisory_lock_statements",
    "batches_of_rows",
    "blocks",
    "column",
    "existing_keys",
    "features_of",
    "has_nan",
    "is_frame",
    "make_frame",
    "not_loaded",
    "object_column",
    "read_frame",
    "referring_keys",
    "refuse_without_strictness",
    "refuse_without_transactions",
    "row_adapters",
    "row_class_of",
    "slots_of",
    "text_writer",
    "transposed",
]
