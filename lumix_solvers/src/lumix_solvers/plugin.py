"""The solvers of this distribution, a line each; imports no solver."""

from __future__ import annotations

from lumix_core.plugins import Register, hookimpl

lumix_seam = "1.0"

SOLVERS = {
    "cpsat": ("lumix_solvers.cpsat:CpSatSolver", "ortools"),
    "glpk": ("lumix_solvers.glpk:GlpkSolver", "swiglpk"),
    "highs": ("lumix_solvers.highs:HighsSolver", "highspy"),
    "pulp": ("lumix_solvers.pulp:PulpSolver", "pulp"),
    "ortools": ("lumix_solvers.ortools:OrToolsSolver", "ortools"),
    "scip": ("lumix_solvers.scip:ScipSolver", "pyscipopt"),
    "gurobi": ("lumix_solvers.gurobi:GurobiSolver", "gurobipy"),
    "cplex": ("lumix_solvers.cplex:CplexSolver", "cplex"),
    "xpress": ("lumix_solvers.xpress:XpressSolver", "xpress"),
}


@hookimpl
def lumix_solvers(register: Register) -> None:
    """Register every solver with the extra that installs it."""
    for name, (target, requires) in SOLVERS.items():
        register(name, target, requires=requires, install=f'pip install "lumix-solvers[{name}]"')
