"""Whether a text is LaTeX that readers agree on: balanced, and of commands that each of them knows."""

from __future__ import annotations

import re
from itertools import accumulate

from pylatexenc.latexwalker import LatexWalker

# Shown alike by pdflatex with amsmath and amssymb, by KaTeX (with its strict rules), and by MathJax.
COMMANDS = r"""
    text mathit mathrm mathsf mathbf mathcal mathbb mathbin mathord operatorname begin end left right sum frac sqrt
    forall exists in notin neq le ge ll gg wedge vee neg oplus bmod cdot circ sim backslash infty min max exp ln sin cos
    tan sinh cosh tanh arcsin arccos arctan lfloor rfloor lceil rceil quad colon grave \ , : ; { } _ & % # $
""".split()  # noqa: SIM905


def check_latex(text: str) -> None:
    """Fail where a text is not balanced, or has a command that a reader may not know."""
    LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    commands = re.findall(r"\\([A-Za-z]+|.)", text, flags=re.DOTALL)
    assert set(commands) <= set(COMMANDS), text
    pairs = [{"left": 1, "right": -1}.get(command, 0) for command in commands]
    assert min(accumulate(pairs), default=0) >= 0, text
    assert sum(pairs) == 0, text
