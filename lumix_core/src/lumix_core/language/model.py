"""The model: families of variables, constraints and an objective."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from lumix_core.errors import LXDuplicateNameError, LXModelError, LXUnknownNameError, listed
from lumix_core.formulas.user_function import UserFunction
from lumix_core.language.constraints import LXConstraint
from lumix_core.language.expressions import LXLinearExpression
from lumix_core.language.goals import GoalModel
from lumix_core.language.indexed import Indexed, LXIndexDimension, checked_name, name_of
from lumix_core.language.linear_forms import LXComparison, Operand
from lumix_core.language.mixins import Bracketed, Declared
from lumix_core.language.variables import LXVariable
from lumix_core.problem.goals import LXGoalMode
from lumix_core.problem.numbers import checked_count
from lumix_core.problem.problem import LXProblem
from lumix_core.problem.text import html_lines, html_table
from lumix_core.rows.copyable import Copyable

if TYPE_CHECKING:
    from lumix_core.compiler.compile import Report
    from lumix_core.compiler.explanation import LXExplanation
    from lumix_core.problem.files import LXFileNames
    from lumix_core.problem.statistics import LXModelStatistics
    from lumix_core.solver.plan_check import LXPlanCheck
    from lumix_core.solver.solution import LXSolution

Family = TypeVar("Family", bound=Indexed[Any])
Rule = TypeVar("Rule", bound=Callable[..., LXComparison | bool])
Objective: TypeAlias = Operand


class LXModel(GoalModel, Declared, Copyable, Bracketed):
    """A linear or mixed-integer model, written over the user's own rows.

    Without an objective any feasible point is a solution.

    Args:
        name: for messages and logs.

    Attributes:
        replaced: in a snapshot of a model, its variables by the ``id`` of those that rules name.
    """

    name: str
    variables: list[LXVariable[Any, Any]]
    constraints: list[LXConstraint[Any]]
    maximizing: bool | None
    _objective: LXLinearExpression | UserFunction | None
    replaced: Mapping[int, LXVariable[Any, Any]]
    _names: dict[str, set[str]]
    _report: Report | None = None

    def __init__(self, name: str) -> None:
        self.name = checked_name(name, "LXModel")
        self.variables = []
        self.constraints = []
        self.maximizing = None
        self._goal_mode = LXGoalMode.WEIGHTED
        self._objective = None
        self.replaced = {}
        self._names = {}

    @property
    def objective(self) -> LXLinearExpression | UserFunction | None:
        """The expression to be minimised or maximised, as it was when it was given; None for the variables' costs.

        It is the function where a rule was given.
        """
        return self._objective

    @objective.setter
    def objective(self, expression: LXLinearExpression | UserFunction | Callable[[], Any] | None) -> None:
        self._objective = self._checked_objective(expression)

    def _checked_objective(self, expression: Any) -> LXLinearExpression | UserFunction | None:
        if expression is None or isinstance(expression, UserFunction):
            return expression
        if isinstance(expression, LXLinearExpression):
            return expression.copy()
        if callable(expression):
            return UserFunction.of(expression, "the objective")
        raise LXModelError(
            f"The objective of model {self.name!r} is {expression!r}, which is not an expression. "
            f"Write model.{'maximize' if self.maximizing else 'minimize'}"
            f"(LXLinearExpression().add_term(variable, ...)), or give a function of no arguments: "
            f"lambda: sum(row.cost * variable[row] for row in variable)."
        )

    def add_variable(self, variable: LXVariable[Any, Any]) -> Self:
        """Add a family of variables.

        Raises:
            LXDuplicateNameError: a family of this name is there already.
        """
        self._add(self.variables, variable, LXVariable)
        return self

    def add_variables(self, *variables: LXVariable[Any, Any] | Iterable[LXVariable[Any, Any]]) -> Self:
        """Add several families, given one by one or as a list."""
        for variable in _flattened(variables):
            self.add_variable(variable)
        return self

    def add_constraint(self, constraint: LXConstraint[Any]) -> Self:
        """Add a constraint, or a family of them.

        Raises:
            LXDuplicateNameError: a constraint of this name is there already.
        """
        self._add(self.constraints, constraint, LXConstraint)
        return self

    def add_constraints(self, *constraints: LXConstraint[Any] | Iterable[LXConstraint[Any]]) -> Self:
        """Add several constraints, given one by one or as a list."""
        for constraint in _flattened(constraints):
            self.add_constraint(constraint)
        return self

    def constraint(self, *, over: Any = (), name: str | None = None) -> Callable[[Rule], Rule]:
        """Add the constraint that a function is the rule of: ``@model.constraint(over=stock)``.

        The function stays what it is, and the constraint is named after it. `LXConstraint.rule` tells what it may do.

        Args:
            over: what there is one constraint for: each element of a variable; each row of a class, as
                ``(Row, session)``; each row of a list, as ``(rows,)``; each combination of the rows of several
                `LXIndexDimension`, as a tuple of them; ``()`` for a single constraint.
            name: of the constraint, where it is not that of the function.

        Raises:
            LXModelError: ``over`` is none of these.
            LXDuplicateNameError: a constraint of this name is there already.
        """

        def add(rule: Rule) -> Rule:
            constraint: LXConstraint[Any] = LXConstraint(name or getattr(rule, "__name__", "") or "rule")
            self.add_constraint(_made_over(constraint, over).rule(rule))
            return rule

        return add

    def remove_variable(self, name: str) -> Self:
        """Remove a family of variables; expressions that use it are refused when the model is compiled.

        Raises:
            LXUnknownNameError: there is no such family.
        """
        _remove(self.variables, self.get_variable(name))
        return self

    def remove_constraint(self, name: str) -> Self:
        """Remove a constraint.

        Raises:
            LXUnknownNameError: there is no such constraint.
        """
        _remove(self.constraints, self.get_constraint(name))
        return self

    def minimize(self, expression: LXLinearExpression | Callable[[], Objective] | None = None) -> Self:
        """Minimise an expression as it is now, or a rule, or without one the costs of the variables.

        Args:
            expression: an expression, or a function that returns a sum:
                ``lambda: sum(p.profit * made[p] for p in made)``.
        """
        return self._optimise(expression, maximizing=False)

    def maximize(self, expression: LXLinearExpression | Callable[[], Objective] | None = None) -> Self:
        """Maximise an expression as it is now, or a rule, or without one the costs of the variables.

        Args:
            expression: an expression, or a function that returns a sum:
                ``lambda: sum(p.profit * made[p] for p in made)``.
        """
        return self._optimise(expression, maximizing=True)

    def get_variable(self, name: str) -> LXVariable[Any, Any]:
        """Return a family of variables by name.

        Raises:
            LXUnknownNameError: there is no such family.
        """
        return _named(self.variables, name, f"Model {self.name!r} has no variable")

    def get_constraint(self, name: str) -> LXConstraint[Any]:
        """Return a constraint by name.

        Raises:
            LXUnknownNameError: there is no such family.
        """
        return _named(self.constraints, name, f"Model {self.name!r} has no constraint")

    def compile(self, *, snapshot: bool = False) -> LXProblem:
        """Read the rows and return the model as arrays.

        Args:
            snapshot: whether all queries are read as the database was at one moment, in one transaction of isolation
                level REPEATABLE READ, which stays open; without it each query may see what others committed since.

        Raises:
            LXModelError: the model would be wrong; the message names the family, the key and the attribute.
            LXSourceError: there is no such snapshot of all that the model reads; the message says what to write.
        """
        from lumix_core.compiler.compile import compile_model

        problem, self._report = compile_model(self, snapshot=snapshot)
        return problem

    def note_reformulations(self, reformulations: Iterable[str]) -> None:
        """Keep how a solver was given what is not linear, for `explain`; the optimizer calls it after a solve."""
        if self._report is not None:
            self._report = replace(self._report, reformulations=tuple(reformulations))

    def explain(self) -> LXExplanation:
        """Tell how the model is built: what is read of each source, and how each function is evaluated, and why.

        What is not linear is listed, and how the solver was given it in the last solve. Runs no query. Where the model
        was compiled before, the counts and times of that compile are shown too, the slowest part first. Print it, or
        show it in a notebook.
        """
        from lumix_core.compiler.explanation import explain

        return explain(self, self._report)

    def write(self, path: str | Path) -> LXFileNames:
        """Compile the model and write it to a file: ``.mps``, ``.lp`` or ``.json``, with or without ``.gz``.

        Files of MPS and LP hold names that every program reads, and the families and keys in comments, from which
        `read` restores them. A file of MPS is a minimisation, since some programs ignore the sense of one.

        Returns:
            the names of columns and rows in the file, and the way back from them to families and keys.

        Raises:
            LXModelError: the model cannot be built.
            LXFileError: the ending is unknown, or a key cannot be held by a file.
            OSError: the file cannot be written.
        """
        from lumix_core.problem.files import write_problem

        return write_problem(self.compile(), Path(path))

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the model of a file that `write`, or another program, wrote; it compiles to the arrays of the file.

        A file of another program has one family ``variables`` (and a further one where whole variables begin or end)
        and one ``constraints``; the names in the file are their keys.

        Raises:
            LXFileError: the file holds no linear model, is damaged, or has more than one meaning; it names the line.
            OSError: the file cannot be read.
        """
        from lumix_core.language.from_problem import families_of
        from lumix_core.problem.files import read_problem

        problem = read_problem(Path(path))
        families = families_of(problem)
        model = cls(problem.name or Path(path).name).add_variables(families.variables)
        model.add_constraints(families.constraints).set_goal_mode(problem.goals.mode)
        return model.maximize(families.objective) if problem.maximize else model.minimize(families.objective)

    def to_text(self, rows: int = 10, terms: int = 6) -> str:
        """Compile the model and return it as text: objective, constraints, domains and bounds, with their numbers.

        Args:
            rows: how many constraints, and bounds, of each family are shown.
            terms: how many terms of each sum are shown.

        Raises:
            LXModelError: the model cannot be built, or ``rows`` or ``terms`` is no such number.
        """
        from lumix_core.problem.text import problem_text

        rows, terms = checked_count("to_text", "rows", rows, 0), checked_count("to_text", "terms", terms, 1)
        return problem_text(self.compile(), rows, terms)

    def row(self, constraint: LXConstraint[Any] | str, key: Any = None, terms: int = 50) -> str:
        """Compile the model and return one constraint as text, with its numbers: ``balance[(1, 6)]: ... == 30``.

        A constant of the expression is subtracted on the right.

        Args:
            constraint: the family, or its name.
            key: the key, or the row of the family; left out for a constraint without an index.
            terms: how many terms are shown.

        Raises:
            LXUnknownNameError: there is no such constraint.
            LXUnknownKeyError: the family has no such key.
            LXModelError: the model cannot be built, or ``terms`` is no such number.
        """
        from lumix_core.problem.text import named_row_text

        terms = checked_count("row", "terms", terms, 1)
        name = self.get_constraint(name_of(constraint)).name
        return named_row_text(self.compile(), name, key, terms)

    def to_latex(self, families: int = 40, terms: int = 20) -> str:
        r"""Return the model in the notation of mathematics, written from its functions; runs no query.

        Each index has a letter, by which functions call their row, and stands for its key. A function that cannot be
        traced is a symbol such as ``f_1``, and a note says which one it is and why.

        Args:
            families: how many families of constraints, and of variables, are shown.
            terms: how many terms of each sum are shown.

        Returns:
            an ``aligned`` environment, for ``\[...\]``, or ``$$...$$`` in a notebook.

        Raises:
            LXModelError: the model is incomplete, it is unclear which elements a term stands for, or ``families`` or
                ``terms`` is no such number.
        """
        from lumix_core.compiler.notation.document import model_latex

        families = checked_count("to_latex", "families", families, 1)
        return model_latex(self, families, checked_count("to_latex", "terms", terms, 1))

    def statistics(self) -> LXModelStatistics:
        """Compile the model and return its sizes, the ranges of its numbers by family, and what looks badly scaled.

        Raises:
            LXModelError: the model cannot be built.
        """
        from lumix_core.problem.statistics import statistics_of

        return statistics_of(self.compile())

    def check(
        self, values: LXSolution | Mapping[LXVariable[Any, Any] | str, Any], default: float | None = None
    ) -> LXPlanCheck:
        """Compile the model and tell which constraints, bounds and whole numbers a plan violates, and by how much.

        Args:
            values: a solution, or ``{variable or name: {key or row: number}}``; the number itself for a variable
                without an index.
            default: the value of variables that are left out; without it, leaving one out is an error.

        Returns:
            What is violated, largest first; true where that is nothing. Tolerances are those with which LumiX checks
            the points of solvers: relative ones of 1e-6, and 1e-5 for whole numbers.

        Raises:
            LXUnknownNameError, LXUnknownKeyError: the model has no such variable, or the variable no such key.
            LXMissingKeyError: a variable has no value.
            LXNumberError: a value is not a finite number.
            LXNoSolutionError: the solution holds no point.
            LXModelError: the model cannot be built, or the values are of another form.
        """
        from lumix_core.solver.plan_check import plan_check

        return plan_check(self.compile(), values, default)

    def summary(self) -> str:
        """Return a few lines of text on the families and the objective; reads no rows. It is the model's ``str``."""
        lines = [self._title]
        for title, families in (("variables", self.variables), ("constraints", self.constraints)):
            lines.append(f"  {title}: {len(families)}")
            lines += [f"    {': '.join(_description(family))}" for family in families]
        return "\n".join(lines)

    def _optimise(self, expression: Any, maximizing: bool) -> Self:
        direction, self.maximizing = self.maximizing, maximizing
        try:
            self.objective = expression
        except LXModelError:
            self.maximizing = direction
            raise
        return self

    def _add(self, families: list[Any], family: Any, kind: type) -> None:
        word = kind.__name__.removeprefix("LX").lower()
        if type(family) is not kind and not issubclass(type(family), kind):
            raise LXModelError(
                f"Model {self.name!r} was given {family!r} as a {word}. Add an object of class {kind.__name__}."
            )
        names = self._names.setdefault(word, set())
        if len(names) != len(families) or family.name in names:  # the list may have been changed by hand
            names.clear()
            names.update(other.name for other in families)
        if family.name in names:
            raise LXDuplicateNameError(
                f"Model {self.name!r} already has a {word} named {family.name!r}: results are found by name. "
                f"Give this one another name."
            )
        families.append(family)
        names.add(family.name)

    def __getstate__(self) -> dict[str, Any]:
        return {name: part for name, part in self.__dict__.items() if name != "_report"}

    @property
    def _title(self) -> str:
        objective = {None: "any feasible point", True: "maximize", False: "minimize"}[self.maximizing]
        return f"Model {self.name!r}: {objective}{f', {self.goal_mode} goals' if self.has_goals() else ''}"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        """Return the summary as two tables, for notebooks; reads no rows."""
        tables = [
            html_table((title, ""), list(map(_description, families)))
            for title, families in (("variables", self.variables), ("constraints", self.constraints))
            if families
        ]
        return "".join([html_lines(self._title), *tables])

    def __repr__(self) -> str:
        return f"<LXModel {self.name!r}: {len(self.variables)} variables, {len(self.constraints)} constraints>"


def _made_over(constraint: LXConstraint[Any], over: Any) -> LXConstraint[Any]:
    """Return a constraint with the rows that ``over=`` names."""
    if isinstance(over, LXVariable):
        return constraint.over(over)
    if type(over) is tuple and not over:
        return constraint
    if type(over) is tuple and all(isinstance(part, LXIndexDimension) for part in over):
        return constraint.indexed_by_product(*over)
    if type(over) is tuple and len(over) <= 2 and isinstance(over[0], type):
        constraint._declared = over[0]
        return constraint.from_model(*over)
    if type(over) is tuple and len(over) == 1:
        return constraint.from_data(over[0])
    raise LXModelError(
        f"{constraint.owner} is over {over!r:.80}, which is not valid: expected a variable, (Row, session), (rows,), "
        f"dimensions, or () for a single constraint. For anything else write LXConstraint(name).rule(function)."
    )


def _flattened(items: Iterable[Any]) -> Iterable[Any]:
    for item in items:
        yield from item if isinstance(item, Iterable) and not isinstance(item, Indexed) else (item,)


def _named(families: list[Family], name: str, missing: str) -> Family:
    for family in families:
        if family.name == name:
            return family
    raise LXUnknownNameError(f"{missing} {name!r}. It has {listed(one.name for one in families)}.")


def _remove(families: list[Any], family: Any) -> None:
    families[:] = [other for other in families if other is not family]


def _description(family: LXVariable[Any, Any] | LXConstraint[Any]) -> tuple[str, str]:
    """Return the name of a family with its index, and its domain or its sense."""
    name = f"{family.name}{_index_text(family)}"
    if not isinstance(family, LXConstraint):
        return name, str(family.domain)
    said = f"... {family.sense} ..." if family.function is None else f"rule at {family.function.location}"
    return name, f"{said} ({family.goal_text})" if family.is_goal() else said


def _index_text(family: LXVariable[Any, Any] | LXConstraint[Any]) -> str:
    if family.is_scalar:
        return ""
    if isinstance(family, LXConstraint) and family.base is not None:
        return _index_text(family.base)
    parts: tuple[Indexed[Any], ...] = family.dimensions or (family,)
    names = [one.declared_type.__name__ if one.declared_type else str(one.source or "?") for one in parts]
    return f"[{', '.join(names)}]"
