"""Solver backends for LumiX, one module each; nothing is imported until a solver is used.

* `lumix_solvers.highs.HighsSolver`: ``use_solver("highs")``, with the extra ``[highs]``.
* `lumix_solvers.pulp.PulpSolver`: ``use_solver("pulp", solver=...)``, with the extra ``[pulp]``.
"""
