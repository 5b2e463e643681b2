"""`scipy.optimize.milp` as a solver for LumiX."""
