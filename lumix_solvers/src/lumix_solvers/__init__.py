"""Solver backends for LumiX, one module each; nothing is imported until a solver is used.

* `lumix_solvers.highs.HighsSolver`: ``use_solver("highs")``, with the extra ``[highs]``.
* `lumix_solvers.pulp.PulpSolver`: ``use_solver("pulp", solver=...)``, with the extra ``[pulp]``.
* `lumix_solvers.gurobi.GurobiSolver`: ``use_solver("gurobi")``, with the extra ``[gurobi]``.
* `lumix_solvers.cplex.CplexSolver`: ``use_solver("cplex")``, with the extra ``[cplex]``.
* `lumix_solvers.xpress.XpressSolver`: ``use_solver("xpress")``, with the extra ``[xpress]``.
"""
