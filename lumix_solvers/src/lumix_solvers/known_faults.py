"""Wrong answers of solvers, by version: only what is documented, or what LumiX's own tests have seen."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from lumix_core.solver import KnownFault, LXFeature

MIXED = frozenset({LXFeature.INTEGER, LXFeature.SEMICONTINUOUS, LXFeature.SEMIINTEGER})
NEW_HIGHS = 'pip install "highspy>=1.16,<1.17"'
OURS = "seen by the tests of LumiX"

FAULTS = (
    KnownFault(
        library="highspy",
        first="1.13",
        fixed="1.15",
        what="calls points of mixed-integer problems optimal that are not, even of three variables",
        source="ERGO-Code/HiGHS, issues 2957, 2975, 2980 and 3002",
        install=NEW_HIGHS,
        features=MIXED,
    ),
    KnownFault(
        library="highspy",
        first="1.15",
        fixed="1.16",
        what="calls points optimal that are not, where presolve finds fractional bounds of integer variables; with "
        "semi-continuous variables too",
        source="ERGO-Code/HiGHS, issue 3274",
        install=NEW_HIGHS,
        features=MIXED,
    ),
    KnownFault(
        library="highspy",
        first="1.15",
        fixed="1.16",
        what="finds wrong optima, and optima of infeasible problems, where bounds of integer variables are fractional",
        source=OURS,
        avoided="LumiX gives it the next whole bounds.",
    ),
    KnownFault(
        library="ortools",
        first="9.15",
        fixed=None,
        what="has a CP-SAT that calls points optimal that are not, where coefficients pass 2**31",
        source="google/or-tools, issue 5293",
        avoided="LumiX leaves out a step of presolve where a row has large numbers.",
    ),
    KnownFault(
        library="pulp",
        first="2.7",
        fixed=None,
        what="brings CBC 2.10.3, whose preprocessing calls feasible problems infeasible",
        source="coin-or/Cbc, issue 632",
        avoided="LumiX runs CBC again without it where preprocessing alone decides.",
    ),
    KnownFault(
        library="pulp",
        first="2.7",
        fixed=None,
        what="brings CBC 2.10.3, which takes objectives for multiples of whole steps that are not, and calls points "
        "optimal that are not the best",
        source=OURS,
        avoided="LumiX multiplies rows in which continuous variables are added up by 2.",
    ),
    KnownFault(
        library="pulp",
        first="2.7",
        fixed=None,
        what="brings CBC 2.10.3, which takes columns for alike that are not, and calls points optimal that are not the "
        "best",
        source=OURS,
        avoided="LumiX tells it not to look for such columns.",
    ),
    KnownFault(
        library="gurobipy",
        first="13.0.3",
        fixed=None,
        what="calls points of problems with integers optimal that have no end",
        source=OURS,
        avoided="LumiX looks for a ray behind an optimum where nothing bounds the objective.",
    ),
    KnownFault(
        library="xpress",
        first="9.9.1",
        fixed=None,
        what="calls points of problems with integers optimal that are not the best",
        source=OURS,
        avoided="LumiX leaves out dual reductions where there are integers.",
    ),
    KnownFault(
        library="pyscipopt",
        first="6.3.0",
        fixed=None,
        what="brings SCIP 10.0, which calls points of problems with special ordered sets optimal that are not the best",
        source=OURS,
        avoided="LumiX leaves out weak dual reductions where there are sets, in OR-Tools' SCIP too.",
    ),
)
"""The table that the README shows, and `lumix doctor` where a version is installed."""


def faults_of(*libraries: str) -> tuple[tuple[KnownFault, str], ...]:
    """Return what is known to be wrong with the installed versions of libraries, each with the version."""
    installed = {library: _installed(library) for library in libraries}
    return tuple(
        (fault, found) for fault in FAULTS if (found := installed.get(fault.library)) is not None and fault.is_in(found)
    )


@cache
def _installed(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:  # built from its sources, or not there
        return None
