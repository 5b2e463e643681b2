"""Problems rewritten into what a solver takes: one rewriting a file, each from problem to problem, with a way back."""

from lumix_core.solver.reformulations.chain import Reformulated, reformulated
from lumix_core.solver.reformulations.rewriting import LXReformulation, LXWay, Native
from lumix_core.solver.relaxed_terms import LXRelaxedTerm

__all__ = ["LXReformulation", "LXRelaxedTerm", "LXWay", "Native", "Reformulated", "reformulated"]
