"""Changes of parameters and rows that a session makes: each for itself, and all of them again over other rows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsFloat

from lumix_core.compiler.overrides.parameters import Numbers, changed_parameter, known_keys
from lumix_core.compiler.overrides.recompile import Data, Recompiler
from lumix_core.compiler.overrides.rows import NoSuchRowsError, RowOverride
from lumix_core.errors import LXMissingKeyError, LXModelError, LXSourceError, LXUnknownNameError, listed
from lumix_core.formulas.lookup_table import LookupTable
from lumix_core.rows.tables import Table

if TYPE_CHECKING:
    from lumix_core.language.parameters import LXParameter


@dataclass(frozen=True, eq=False)
class ParameterChange:
    """Other numbers of a parameter: some by key, or a function of every number that is there."""

    parameter: LXParameter[Any]
    numbers: Numbers

    def with_more(self, numbers: Numbers) -> ParameterChange | None:
        """Return one change in place of this one and a later one; None where one cannot stand for both."""
        if not isinstance(self.numbers, Mapping) or not isinstance(numbers, Mapping):
            return None
        return ParameterChange(self.parameter, {**self.numbers, **numbers})


@dataclass(frozen=True, eq=False)
class DataChanges:
    """Makes changes of data in a compiled model.

    Args:
        compiled: the model.
    """

    compiled: Recompiler

    def parameter(self, data: Data, parameter: Any) -> tuple[LXParameter[Any], LookupTable]:
        """Return a parameter, given itself or by name, and what it holds with other data.

        Raises:
            LXUnknownNameError: no function of the model looks anything up in it.
            LXModelError: several parameters have the name.
        """
        known = self.compiled.parameters.values()
        found = [held for held, _ in known if parameter in (held, held.name)]
        if len(found) > 1:
            raise LXModelError(
                f"The model {self.compiled.model.name!r} uses {len(found)} parameters of the name {parameter!r}. "
                f"Give each a name of its own, or give the parameter itself."
            )
        if found:
            return found[0], self._table(data, found[0])
        shown = parameter if isinstance(parameter, str) else getattr(parameter, "name", parameter)
        names = listed((held.name for held, _ in known), empty="no parameter at all")
        raise LXUnknownNameError(
            f"No function of the model {self.compiled.model.name!r} looks anything up in the parameter {shown!r}: "
            f"changing it would change nothing. They use {names}."
        )

    def with_parameter(self, data: Data, parameter: Any, numbers: Numbers) -> Data:
        """Return data in which a parameter holds other numbers.

        Raises:
            LXUnknownNameError: no function of the model looks anything up in it.
            LXMissingKeyError: a key can be none of its keys, or nothing in the model asks for it.
            LXNumberError: a number is none.
        """
        held, table = self.parameter(data, parameter)
        changed = changed_parameter(held.name, table, numbers)
        if isinstance(numbers, Mapping):
            self._check_new_keys(data, held, table, numbers)
            numbers = dict(numbers)
        return _with_table(data, held, changed, _steps_with(data, held, numbers))

    def with_rows(self, data: Data, override: RowOverride) -> Data:
        """Return data in which rows have another value in one attribute.

        Raises:
            LXModelError, LXFunctionError: as `RowOverride.tables`; or the rows themselves are the keys of a family.
        """
        compiled = self.compiled
        tables = {**compiled.tables, **data.tables}
        changed = override.tables(tables, compiled.tables, compiled.sources, compiled.functions())
        compiled.check_keys(override.title, changed.keys())
        return self._with_tables(data, {**data.tables, **changed}, (*data.steps, override))

    def made_again(self, steps: tuple[Any, ...]) -> tuple[Data, list[str]]:
        """Return data with changes that were made in another compile of the model, and what found no place.

        Functions and conditions are called anew, with the numbers and rows of this compile.

        Raises:
            LXModelError: the model would be wrong with them.
        """
        data, lost = Data(), list[str]()
        for step in steps:
            try:
                if isinstance(step, ParameterChange):
                    data = self._with_known(data, step, lost)
                else:
                    data = self.with_rows(data, step)
            except (LXUnknownNameError, LXSourceError, NoSuchRowsError) as error:
                lost.append(str(error))
        return data, lost

    def _with_known(self, data: Data, step: ParameterChange, lost: list[str]) -> Data:
        """Return data with those numbers of a parameter whose keys it still has."""
        if not isinstance(step.numbers, Mapping):
            return self.with_parameter(data, step.parameter, step.numbers)
        held, table = self.parameter(data, step.parameter)
        keys = known_keys(held.name, table, step.numbers)
        gone = [key for key in step.numbers if key not in keys]
        new = {key: step.numbers[key] for key in keys if table.get(key) is None}
        try:
            self._check_new_keys(data, held, table, new)
        except LXMissingKeyError:
            gone.extend(new)
        if gone:
            lost.append(f"The parameter {held.name!r} has no use any more for a number for {listed(gone, limit=5)}.")
        numbers = {key: number for key, number in step.numbers.items() if key not in set(gone)}
        return self.with_parameter(data, held, numbers) if numbers else data

    def _table(self, data: Data, held: LXParameter[Any]) -> LookupTable:
        known = data.parameters.get(id(held))
        if known is not None:
            return known[1]
        if id(held) not in data.read:
            data.read[id(held)] = self.compiled.parameter_table(held, data)
        return data.read[id(held)]

    def _with_tables(self, data: Data, tables: Mapping[Hashable, Table], steps: tuple[Any, ...]) -> Data:
        """Return data with other rows: parameters are read off these, and the changes of numbers made again."""
        changed = Data(tables=tables, steps=steps)
        for step in steps:
            if isinstance(step, ParameterChange):
                table = self._table(changed, step.parameter)
                numbers = changed_parameter(step.parameter.name, table, step.numbers)
                changed = _with_table(changed, step.parameter, numbers, steps)
        return changed

    def _check_new_keys(
        self, data: Data, held: LXParameter[Any], table: LookupTable, numbers: Mapping[Any, SupportsFloat]
    ) -> None:
        """Refuse numbers for keys that had none, if nothing in the model becomes another by them."""
        new = {key: number for key, number in numbers.items() if table.get(key) is None and number != table.default}
        if not new:
            return
        before = self.compiled.compile(data)
        after = self.compiled.compile(_with_table(data, held, changed_parameter(held.name, table, new), data.steps))
        if before.has_numbers_of(after):
            raise LXMissingKeyError(
                f"The parameter {held.name!r} was to hold numbers for {listed(new, limit=5)}, which it has no "
                f"rows for, and nothing in the model asks for: they would change nothing. Correct the keys."
            )


def _with_table(data: Data, held: LXParameter[Any], table: LookupTable, steps: tuple[Any, ...]) -> Data:
    return Data({**data.parameters, id(held): (held, table)}, data.tables, steps)


def _steps_with(data: Data, held: LXParameter[Any], numbers: Numbers) -> tuple[Any, ...]:
    """Return the steps with one more; numbers by key are joined with those that the parameter got last."""
    steps = list(data.steps)
    mine = [i for i, step in enumerate(steps) if isinstance(step, ParameterChange) and step.parameter is held]
    joined = steps[mine[-1]].with_more(numbers) if mine else None
    if joined is None:
        return (*steps, ParameterChange(held, numbers))
    steps[mine[-1]] = joined
    return tuple(steps)
