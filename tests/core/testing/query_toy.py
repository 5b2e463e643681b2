"""The toy with queries that have conditions, values that it converts, and a key of two parts; and a world for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from lumix_core.rows import Reference, RowClass, WrittenField, WrittenTable
from lumix_core.testing.rows.toy import ToyRow
from lumix_core.testing.rows.toy_world import Product
from tests.core.testing.full_toy import FullQuery, FullToyAdapter, PlanningToyWorld, ToyWriter

KEY = ("site", "day")
FROM_DATABASE: dict[str, Any] = {"day": date.fromisoformat, "is_open": bool, "cost": Decimal}
TO_DATABASE: dict[str, Any] = {"day": date.isoformat, "is_open": int, "cost": str}
SHIFTS = "CREATE TABLE Shift (day TEXT, site TEXT, is_open INTEGER, cost TEXT, PRIMARY KEY (site, day))"


class Shift(ToyRow):
    day: date
    site: str
    is_open: bool
    cost: Decimal | None


def converted(table: Mapping[str, Any], name: str, value: Any) -> Any:
    return None if value is None else table.get(name, lambda same: same)(value)


class Selection(NamedTuple):
    """What a user of the toy writes for some products."""

    where: str = "1"
    values: tuple[Any, ...] = ()
    order: str = "row.id"
    limit: int = -1


class SelectionQuery(FullQuery):
    """The products of a selection."""

    def _select(self, what: str) -> list[tuple[Any, ...]]:
        _, connection, selection = self.identity  # type: ignore[misc]
        sql = f"SELECT {what} FROM Product AS row WHERE {selection.where} ORDER BY {selection.order} LIMIT ?"
        return connection.execute(sql, (*selection.values, selection.limit)).fetchall()

    def rows(self, flush: bool = True) -> list[Any]:
        names = tuple(Product.__annotations__)
        found = self._select(", ".join(f"row.{name}" for name in names))
        return [Product(self.identity[1], **dict(zip(names, values, strict=True))) for values in found]

    def columns(self, paths: Sequence[tuple[str, ...]], flush: bool = True) -> list[list[Any]] | None:
        if not all(len(path) == 1 and path[0] in Product.__annotations__ for path in paths):
            return None
        found = self._select(", ".join(f"row.{path[0]}" for path in paths))
        return [list(values) for values in zip(*found, strict=True)] or [[] for _ in paths]


class ShiftQuery(FullQuery):
    """All shifts."""

    def rows(self, flush: bool = True) -> list[Any]:
        names = tuple(Shift.__annotations__)
        columns: Any = self.columns([(name,) for name in names])
        return [
            Shift(self.identity[1], **dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)
        ]

    def columns(self, paths: Sequence[tuple[str, ...]], flush: bool = True) -> list[list[Any]] | None:
        names = [path[0] for path in paths if len(path) == 1 and path[0] in Shift.__annotations__]
        if len(names) < len(paths):
            return None
        found = self.identity[1].execute(f"SELECT {', '.join(names)} FROM Shift ORDER BY site, day").fetchall()
        columns = list(zip(*found, strict=True)) or [() for _ in names]
        return [
            [converted(FROM_DATABASE, name, value) for value in column]
            for name, column in zip(names, columns, strict=True)
        ]


class ShiftWriter(ToyWriter):
    """Converts what is written."""

    def insert(self, table: WrittenTable, columns: Mapping[str, Sequence[Any]]) -> None:
        super().insert(
            table,
            {name: [converted(TO_DATABASE, name, value) for value in values] for name, values in columns.items()},
        )

    def existing(self, target: Any, names: Sequence[str], keys: Sequence[Any]) -> set[Any]:
        stored = {
            key: tuple(converted(TO_DATABASE, name, part) for name, part in zip(names, key, strict=True))
            for key in keys
        }
        there = super().existing(target, names, list(stored.values()))
        return {key for key, value in stored.items() if value in there}


class QueryToyAdapter(FullToyAdapter):
    """Takes selections as targets, and knows shifts."""

    writer = ShiftWriter

    def row_class(self, cls: type) -> RowClass:
        if cls is not Shift:
            return super().row_class(cls)
        return RowClass(Shift, tuple(Shift.__annotations__), KEY, columns=frozenset(Shift.__annotations__))

    def query(self, target: object, handle: object | None) -> Any:
        if isinstance(target, Selection):
            connection = super().query(Product, handle).identity[1]
            return SelectionQuery(Product, (Product, connection, target))  # type: ignore[arg-type]
        query = super().query(target, handle)
        return ShiftQuery(*query) if target is Shift and query is not None else query

    def written_table(self, cls: type) -> WrittenTable:
        if cls is not Shift:
            return super().written_table(cls)
        fields = {
            "site": WrittenField("site", "text", False),
            "day": WrittenField("day", "other", False),
            "is_open": WrittenField("is_open", "truth", False),
            "cost": WrittenField("cost", "number", True),
        }
        references: tuple[Reference, ...] = ()
        return WrittenTable(cls, "Shift", fields, KEY, (), references, {})


class QueryToyWorld(PlanningToyWorld):
    """The world of the toy with shifts and selections."""

    Shift = Shift

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self.handle.execute(SHIFTS)

    def fill_shifts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.handle.execute("DELETE FROM Shift")
        for row in rows:
            values = [converted(TO_DATABASE, name, row[name]) for name in Shift.__annotations__]
            self.handle.execute("INSERT INTO Shift VALUES (?, ?, ?, ?)", values)

    @property
    def selections(self) -> Sequence[tuple[str, Any, Any, Sequence[int]]]:
        chosen = {
            "condition": (Selection("row.price > ?", (6.0,)), [7, 8, 9, 10]),
            "another value": (Selection("row.price > ?", (8.0,)), [9, 10]),
            "its order": (Selection("row.price > ?", (6.0,), "row.id DESC"), [10, 9, 8, 7]),
            "its limit": (Selection("row.price > ?", (6.0,), limit=2), [7, 8]),
            "order": (Selection(order="row.price DESC"), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
            "limit": (Selection(limit=3), [1, 2, 3]),
            "all of it": (Selection("row.price < ?", (9.0,), "row.id DESC", 2), [8, 7]),
        }
        return [(name, target, self.handle, keys) for name, (target, keys) in chosen.items()]

    def move(self, key: int, category: int | None) -> None:
        if category is not None:
            self.handle.execute("INSERT OR IGNORE INTO Category VALUES (?, ?)", (category, category + 0.5))
        self.handle.execute("UPDATE Product SET category_id = ? WHERE id = ?", (category, key))
