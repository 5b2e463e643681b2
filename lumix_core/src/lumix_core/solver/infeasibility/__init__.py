"""Why a model is infeasible: a conflict, and the least relaxation."""
