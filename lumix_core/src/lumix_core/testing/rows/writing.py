"""How an adapter writes: how it describes a class, which rows are replaced, and which row a database refused.

Writing is optional: of an adapter without it the core refuses to write, and these tests require no more.
"""

from __future__ import annotations

import re

import pytest

from lumix_core.errors import LXWriteError
from lumix_core.rows.adapter import RowAdapter
from lumix_core.rows.writing import OneOf
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import on_main_thread
from lumix_core.testing.rows.engine import write_back
from lumix_core.testing.rows.plans import MANY, part_class, read, reference_of, solution_of, writing
from lumix_core.testing.rows.world import RowWorld, planning


class Writing(Kit, limited=on_main_thread):
    """Rows that replace those of a table."""

    def test_says_whether_it_can_write(self, adapter: RowAdapter, world: RowWorld) -> None:
        """An adapter has all that writing needs, or is refused by name."""
        if writing(adapter) is None:
            with pytest.raises(LXWriteError, match=adapter.name):
                write_back().replace(world.Product, []).write(world.handle, adapter=adapter)

    def test_tells_the_attributes_of_a_class(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Their kinds, which may be NULL, the primary key, and what leads elsewhere."""
        if (known := writing(adapter)) is None:
            return
        table = known.written_table(world.Product)

        kinds = {name: (table.fields[name].kind, table.fields[name].nullable) for name in ("id", "name", "price")}
        assert kinds == {"id": ("integer", False), "name": ("text", False), "price": ("number", True)}
        assert table.primary_key == ("id",)
        assert {"category", "parts"} <= table.advice.keys()
        assert len(table.references) == 1

    @pytest.mark.parametrize("count", [3, MANY])
    def test_rows_replace_those_that_were_there(self, adapter: RowAdapter, world: RowWorld, count: int) -> None:
        """The values come back as they were given, NULL among them, however often they are written."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        prices = [None, 0.1, -1e-300, 1e300, 1 / 3, 2.0]
        names = ["plain", "tab\t, line\nand back\\slash", "", "\\N", "quote'\"", "ünïcode ✓"]
        rows = [{"id": i + 1, "name": names[i % 6], "price": prices[i % 6]} for i in range(count)]

        for _ in range(2):
            written = write_back().replace(world.Product, rows).write(world.handle, adapter=known)

        stored = read(adapter, world.Product, world.handle)
        assert [{"id": row.id, "name": row.name, "price": row.price} for row in stored] == rows
        assert (written[world.Product], written.deleted[world.Product]) == (count, count)

    def test_other_rows_stay(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Only rows with the values of ``where`` are replaced; NULL is such a value."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        rows = [{"id": i, "name": f"product {i}", "price": price} for i, price in enumerate((1.0, 2.0, None), start=1)]
        write_back().replace(world.Product, rows).write(world.handle, adapter=known)

        deleted = []
        for name, price in (("new", 2.0), ("newer", None)):
            back = write_back().replace(world.Product, [{"id": 9 + len(name), "name": name}], where={"price": price})
            deleted.append(back.write(world.handle, adapter=known).deleted[world.Product])

        assert deleted == [1, 1]
        assert [(row.name, row.price) for row in read(adapter, world.Product, world.handle)] == [
            ("product 1", 1.0),
            ("new", 2.0),
            ("newer", None),
        ]

    def test_rows_with_one_of_several_values(self, adapter: RowAdapter, world: RowWorld) -> None:
        """They are counted and deleted at once, as the runs of many scenarios are."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        rows = [{"id": i, "name": f"product {i}"} for i in (1, 2, 3, 4)]
        write_back().replace(world.Product, rows).write(world.handle, adapter=known)
        table, where = known.written_table(world.Product), {"name": OneOf(("product 1", "product 3", "product 9"))}

        with known.writing(world.handle, [table]) as writer:
            counts = writer.count(table, where), writer.delete(table, where), writer.count(table, {})

        assert counts == (2, 2, 2)
        assert [row.name for row in read(adapter, world.Product, world.handle)] == ["product 2", "product 4"]

    @pytest.mark.parametrize("count", [3, MANY])
    def test_a_foreign_key_that_leads_nowhere_names_the_row(
        self, adapter: RowAdapter, world: RowWorld, count: int
    ) -> None:
        """What was there before is there afterwards, and the handle can be used."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        reference = reference_of(known, world.Product)
        name, target = reference.names[0], re.escape(f"{reference.table}.{reference.columns[0]}")
        with known.writing(world.handle, [known.written_table(world.Product)]) as writer:
            errors = writer.integrity_errors
        good = [{"id": i, "name": f"product {i}", name: 1} for i in range(1, count)]
        write_back().replace(world.Product, good[:1]).write(world.handle, adapter=known)
        bad = {"id": count, "name": "orphan", name: 77}

        message = rf"row {count - 1} \(.*{name}=77\) refers by '{name}' to {target} = 77, and there is no such row"
        with pytest.raises(LXWriteError, match=message) as error:
            write_back().replace(world.Product, [*good, bad]).write(world.handle, adapter=known)

        assert isinstance(error.value.__cause__, errors) or reference.deferred
        assert [row.name for row in read(adapter, world.Product, world.handle)] == ["product 1"]

    def test_a_key_that_a_row_has_already_names_the_row(self, adapter: RowAdapter, world: RowWorld) -> None:
        """It is the row that was given, by its position and values."""
        if (known := writing(adapter)) is None:
            return
        world.fill(0)
        write_back().replace(world.Product, [{"id": 5, "name": "old"}]).write(world.handle, adapter=known)
        rows = [{"id": 4, "name": "new"}, {"id": 5, "name": "new"}]
        table = re.escape(known.written_table(world.Product).name)

        message = rf"row 1 \(id=5, name='new'\) has id=5, which only one row of '{table}' may have"
        with pytest.raises(LXWriteError, match=message):
            write_back().replace(world.Product, rows, where={"name": "new"}).write(world.handle, adapter=known)

        assert [(row.id, row.name) for row in read(adapter, world.Product, world.handle)] == [(5, "old")]

    def test_rows_that_others_refer_to_stay(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Replacing them is refused, and does not take along what refers to them."""
        if (known := writing(adapter)) is None:
            return
        world.fill(2)

        with pytest.raises(LXWriteError):
            write_back().replace(world.Product, [{"id": 9, "name": "new"}]).write(world.handle, adapter=known)

        stored = read(adapter, world.Product, world.handle)
        assert [(row.id, len(list(world.parts_of(row)))) for row in stored] == [(1, 2), (2, 2)]

    def test_what_is_no_handle_is_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Anything that is not the adapter's own."""
        if (known := writing(adapter)) is None:
            return
        with pytest.raises(LXWriteError, match=r"write\(\) got"):
            write_back().replace(world.Product, []).write(object(), adapter=known)

    @pytest.mark.parametrize("children_first", [True, False])
    def test_children_are_written_with_their_parents_in_any_order(
        self, adapter: RowAdapter, world: RowWorld, children_first: bool
    ) -> None:
        """Rows that are referred to are deleted last and inserted first, whatever the order of the calls."""
        if (known := writing(adapter)) is None:
            return
        part = part_class(adapter, world)
        name = reference_of(known, part).names[0]
        calls = [
            (part, [{"id": i, "weight": 1.0, name: 7} for i in (1, 2)]),
            (world.Product, [{"id": 7, "name": "new"}]),
        ]
        back = write_back()
        for cls, rows in calls if children_first else reversed(calls):
            back.replace(cls, rows)
        world.fill(2)

        for _ in range(2):
            back.write(world.handle, adapter=known)

        stored = read(adapter, world.Product, world.handle)
        assert [(row.id, sorted(part.id for part in world.parts_of(row))) for row in stored] == [(7, [1, 2])]

    def test_rows_that_refer_to_rows_of_their_own_table(self, adapter: RowAdapter, world: RowWorld) -> None:
        """They are put in order, and can be replaced; a row may refer to itself."""
        if (known := writing(adapter)) is None:
            return
        task = planning(world).Task
        world.fill(0)
        name = reference_of(known, task).names[0]
        after = {1: 3, 2: 1, 3: None, 4: 4}
        back = write_back().replace(task, [{"id": i, "project": 1, name: other} for i, other in after.items()])

        for _ in range(2):
            back.write(world.handle, adapter=known)

        assert {row.id: getattr(row, name) for row in read(adapter, task, world.handle)} == after

    def test_rows_of_the_same_table_do_not_vanish(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Rows that stay, and refer to those that are replaced, are not deleted or changed with them."""
        if (known := writing(adapter)) is None:
            return
        task = planning(world).Task
        world.fill(0)
        name = reference_of(known, task).names[0]
        rows = [(1, 1, None), (2, 1, 1), (3, 2, 2)]
        old = [{"id": i, "project": project, name: other} for i, project, other in rows]
        write_back().replace(task, old).write(world.handle, adapter=known)
        back = write_back().replace(task, [{"id": 9}], where={"project": 1})

        with pytest.raises(
            LXWriteError, match=r"would change 1 row\(s\) of the table|cannot be deleted, since other rows"
        ):
            back.write(world.handle, adapter=known)

        stored = read(adapter, task, world.handle)
        assert [(row.id, row.project, getattr(row, name)) for row in stored] == rows
        write_back().replace(task, [], where={"project": 2}).write(world.handle, adapter=known)
        back.write(world.handle, adapter=known)
        assert [row.id for row in read(adapter, task, world.handle)] == [9]

    def test_the_lines_of_each_run_stay(self, adapter: RowAdapter, world: RowWorld) -> None:
        """Rows of a run replace those of the same run only, and lead to its record."""
        if (known := writing(adapter)) is None:
            return
        plans = planning(world)
        world.fill(0)
        run = reference_of(known, plans.Line).names[0]
        first, second = solution_of(1.0), solution_of(2.0)

        for solution in (first, second, second):
            lines = solution.variables["made"]
            back = write_back().append(plans.Line, lines, key="product_id", value="quantity", run=run)
            back.record(plans.Run, solution, comment="new").write(world.handle, adapter=known)

        stored = [(getattr(row, run), row.quantity) for row in read(adapter, plans.Line, world.handle)]
        assert stored == [(first.run_id, 1.0)] * 3 + [(second.run_id, 2.0)] * 3
        runs = {row.id: (row.objective, row.comment) for row in read(adapter, plans.Run, world.handle)}
        assert runs == {first.run_id: (3.0, "new"), second.run_id: (6.0, "new")}

    def test_writing_twice_is_writing_once(self, adapter: RowAdapter, world: RowWorld) -> None:
        """A plan, its lines and the record of its run are there once."""
        if (known := writing(adapter)) is None:
            return
        plans = planning(world)
        world.fill(0)
        run = reference_of(known, plans.Line).names[0]
        solution = solution_of(5.5)
        back = write_back().replace(world.Product, [{"id": i, "name": "made", "price": 5.5} for i in (1, 2, 3)])
        back.append(plans.Line, solution.variables["made"], key="product_id", value="quantity", run=run)
        back.record(plans.Run, solution)

        for _ in range(2):
            back.write(world.handle, adapter=known)

        assert [(row.id, row.price) for row in read(adapter, world.Product, world.handle)] == [
            (i, 5.5) for i in (1, 2, 3)
        ]
        assert sorted(row.product_id for row in read(adapter, plans.Line, world.handle)) == [1, 2, 3]
        assert [row.id for row in read(adapter, plans.Run, world.handle)] == [solution.run_id]

    def test_a_key_of_zero_stays_zero_or_is_refused(self, adapter: RowAdapter, world: RowWorld) -> None:
        """No database that counts keys by itself makes another one of it in silence."""
        if (known := writing(adapter)) is None:
            return
        plans = planning(world)
        world.fill(0)
        run, solution = reference_of(known, plans.Line).names[0], solution_of(1.0)
        rows = [{"id": i, "product_id": i, "quantity": 1.0} for i in (1, 0)]
        refusal = ""

        try:
            back = write_back().append(plans.Line, rows, run=run).record(plans.Run, solution)
            back.write(world.handle, adapter=known)
        except LXWriteError as error:
            refusal = str(error)

        stored = [(row.id, row.product_id) for row in read(adapter, plans.Line, world.handle)]
        assert stored == ([] if refusal else [(0, 0), (1, 1)])
        assert re.search(rf"{plans.Line.__name__}\.id .*\b0\b", refusal) or not refusal
