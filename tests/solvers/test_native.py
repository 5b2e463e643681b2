"""What an expert does with each solver's own model: the column of a variable is found, and what is set counts."""

import pytest
from licences import skip_where_missing

from lumix import LXConstraint, LXLinearExpression, LXModel, LXOptimizer, LXVariable
from lumix_core.errors import LXOptionError, LXSolverError
from lumix_core.solver import load_solver

GAINS = {"knife": 4, "rope": 7, "tent": 11, "stove": 9}
WEIGHTS = {"knife": 1, "rope": 3, "tent": 6, "stove": 4}


def sack():
    """Things to carry: all but the stove at best."""
    taken = LXVariable[str, int]("taken").binary().from_data(list(GAINS))
    weight = LXLinearExpression().sum_over(taken, lambda thing: WEIGHTS[thing])
    gain = LXLinearExpression().sum_over(taken, lambda thing: GAINS[thing])
    limit = LXConstraint("limit").expression(weight).le().rhs(10)
    return LXModel("sack").add_variable(taken).add_constraint(limit).maximize(gain)


BEST, WITHOUT_TENT = 11 + 7 + 4, 9 + 7 + 4
WITHOUT = "tent"


def highs(model, problem):
    model.changeColBounds(problem.column("taken", WITHOUT), 0.0, 0.0)


def pulp(model, problem):
    model.variablesDict()[f"x{problem.column('taken', WITHOUT)}"].upBound = 0


def scip(model, problem):
    variables = {variable.name: variable for variable in model.getVars()}
    model.chgVarUb(variables[f"x{problem.column('taken', WITHOUT)}"], 0)


def ortools(native, problem):
    native.model.variables.upper_bounds[problem.column("taken", WITHOUT)] = 0.0


def cpsat(native, problem):
    native.model.add(native.model.get_int_var_from_proto_index(problem.column("taken", WITHOUT)) == 0)


def glpk(model, problem):
    import swiglpk

    swiglpk.glp_set_col_bnds(model, problem.column("taken", WITHOUT) + 1, swiglpk.GLP_FX, 0.0, 0.0)


def gurobi(model, problem):
    model.getVars()[problem.column("taken", WITHOUT)].UB = 0.0


def cplex(model, problem):
    model.variables.set_upper_bounds(problem.column("taken", WITHOUT), 0.0)


def xpress(model, problem):
    model.chgBounds([problem.column("taken", WITHOUT)], ["U"], [0.0])


EXPERTS = [highs, pulp, scip, ortools, cpsat, glpk, gurobi, cplex, xpress]
OWN = {"pulp": {"solver": "HiGHS"}}
LICENSED = {"gurobi", "cplex", "xpress"}


@pytest.mark.parametrize("expert", EXPERTS, ids=lambda expert: expert.__name__)
def test_a_column_is_found_and_what_is_set_counts(expert):
    name = expert.__name__
    if name in LICENSED:
        skip_where_missing(lambda: load_solver(name, {}))
    optimizer = LXOptimizer().use_solver(name, isolated=False, **OWN.get(name, {}))

    assert optimizer.solve(sack()).objective_value == BEST
    assert optimizer.solve(sack(), on_native=expert).objective_value == WITHOUT_TENT


class TestCallbacksOfGurobi:
    @pytest.fixture(autouse=True)
    def _needs_a_licence(self):
        skip_where_missing(lambda: load_solver("gurobi", {}))

    def test_lazy_constraints(self):
        import gurobipy

        def lazy(model, problem):
            taken = model.getVars()
            model.Params.LazyConstraints = 1

            def callback(model, where):
                if where == gurobipy.GRB.Callback.MIPSOL and sum(model.cbGetSolution(taken)) > 1.5:
                    model.cbLazy(gurobipy.quicksum(taken) <= 1)

            return callback

        assert LXOptimizer().use_solver("gurobi").solve(sack(), on_native=lazy).objective_value == max(GAINS.values())

    def test_an_error_of_a_callback_is_raised_as_it_is(self):
        def fail(model, where):
            raise ZeroDivisionError("of the user")

        with pytest.raises(ZeroDivisionError, match="of the user"):
            LXOptimizer().use_solver("gurobi").solve(sack(), on_native=lambda model, problem: fail)

    def test_what_is_no_callback(self):
        with pytest.raises(LXOptionError, match=r"on_native= returned 3, and solver 'gurobi' takes a callback"):
            LXOptimizer().use_solver("gurobi").solve(sack(), on_native=lambda model, problem: 3)


class TestCallbacksOfCpSat:
    def test_solutions(self):
        from ortools.sat.python import cp_model

        class Kept(cp_model.CpSolverSolutionCallback):
            def __init__(self):
                super().__init__()
                self.gains = []

            def on_solution_callback(self):
                self.gains.append(self.objective_value)

        kept = Kept()

        LXOptimizer().use_solver("cpsat").solve(sack(), on_native=lambda native, problem: kept)

        assert kept.gains[-1] == BEST

    def test_what_is_no_callback(self):
        with pytest.raises(LXOptionError, match=r"solver 'cpsat' takes a CpSolverSolutionCallback from it, or None"):
            LXOptimizer().use_solver("cpsat").solve(sack(), on_native=lambda native, problem: print)


def test_columns_and_rows_that_are_added_stay_behind_those_of_the_model():
    def with_a_gift(model, problem):
        model.addCol(0.0, 0.0, 1.0, 0, [], [])
        model.addRow(0.0, 3.0, 1, [problem.num_variables], [1.0])

    solution = LXOptimizer().use_solver("highs", isolated=False).solve(sack(), on_native=with_a_gift)

    assert solution.objective_value == BEST
    assert len(solution.variables["taken"]) == len(GAINS)


def test_a_fatal_error_of_glpk_is_one_of_the_solve(monkeypatch):
    import swiglpk

    monkeypatch.setattr("lumix_solvers.interrupts.GRACE", 0.1)

    def wrong(model, problem):
        swiglpk.glp_set_col_bnds(model, 99, swiglpk.GLP_FX, 0.0, 0.0)

    with pytest.raises(LXSolverError, match="ended with a fatal error"):
        LXOptimizer().use_solver("glpk").solve(sack(), on_native=wrong)
