"""The lot-sizing model of the guide beside those of others: lines, tokens, and the same optimum.

Run it with LumiX's environment. The programs of linopy, PuLP and Pyomo are run with that of the peers, `.venv-peers`,
where there is one. JuMP's is not run.
"""

import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TOKEN = re.compile(r"\"[^\"\n]*\"|\w+|[^\w\s]")
PROGRAMS = ("linopy", "PuLP", "Pyomo")
IMPORTS = ("import ", "from ", "using ")
Result = tuple[int, int, float, float]
"""Variables, constraints, the optimum, and the seconds that building takes, from the open database to the arrays."""


def blocks_of_guide() -> list[str]:
    """Return the blocks of code of the guide: its rows first, and then its model."""
    page = (ROOT / "docs" / "lot-sizing.md").read_text()
    return re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def rules_of_guide() -> str:
    """Return the block of the guide that writes the same model as rules."""
    return next(block for block in blocks_of_guide() if "@model.constraint" in block)


def model_in(path: Path) -> str:
    """Return the part of a program that is its model."""
    return path.read_text().partition("# The model begins here.\n")[2].partition("# The model ends here.")[0]


def counts(code: str) -> tuple[int, int]:
    """Return how many lines and tokens a program has, without imports and comments."""
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith((*IMPORTS, "#"))]
    return len(lines), sum(len(TOKEN.findall(line)) for line in lines)


def solved_by_lumix(rows: str, programs: list[str], file: Path) -> list[Result]:
    """Solve the model of the guide in each of its forms, and copy its database to a file."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(rows, "rows.py", "exec"), names)
    copy = sqlite3.connect(file)
    names["engine"].raw_connection().driver_connection.backup(copy)
    copy.close()
    compiled = [compile(program, f"model{i}.py", "exec") for i, program in enumerate(programs)]
    seconds = [min(built_in(program, names) for _ in range(7)) for program in compiled]
    results, problems = [], []
    for program, least in zip(compiled, seconds, strict=True):
        exec(program, names)
        problems.append(names["model"].compile())
        optimum = names["LXOptimizer"]().solve(names["model"], mip_rel_gap=0).objective_value
        results.append((problems[-1].num_variables, problems[-1].num_constraints, optimum, least))
    if not problems[0].has_numbers_of(problems[1]):
        raise RuntimeError("The rules of the guide give other arrays than its builders.")
    return results


def built_in(program: Any, names: dict[str, Any]) -> float:
    """Return the seconds that it takes to write a model and to compile it."""
    exec("session.expunge_all()", names)
    began = time.perf_counter()
    exec(program, names)
    names["model"].compile()
    return time.perf_counter() - began


def solved_by_peer(program: Path, file: Path) -> Result | None:
    """Solve a peer's model of a database; None where the peers are not installed."""
    if not PEERS.exists():
        return None
    command = [str(PEERS), str(program), str(file)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    variables, constraints, optimum, seconds = printed.rpartition("result: ")[2].split()
    return int(variables), int(constraints), float(optimum), float(seconds)


def main() -> int:
    """Print the table; return 1 where the results differ."""
    rows, model = blocks_of_guide()[:2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lots.db"
        built, ruled = solved_by_lumix(rows, [model, rules_of_guide()], file)
        results: dict[str, Result | None] = {"LumiX, rules": ruled, "LumiX": built, "JuMP": None}
        for name in PROGRAMS:
            results[name] = solved_by_peer(FOLDER / f"with_{name.lower()}.py", file)
    programs = {
        "LumiX, rules": rules_of_guide(),
        "LumiX": model,
        **{name: model_in(FOLDER / f"with_{name.lower()}.py") for name in PROGRAMS},
        "JuMP": model_in(FOLDER / "with_jump.jl"),
    }
    print("| | lines | tokens | variables | constraints | optimum | ms |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, code in programs.items():
        found = results[name]
        shown = ["not run"] * 4
        if found is not None:
            shown = [*(f"{number:,.10g}" for number in found[:3]), f"{1000 * found[3]:.0f}"]
        print(f"| {name} | {' | '.join([*map(str, counts(code)), *shown])} |")
    one = results["LumiX"]
    others = [other for other in results.values() if other is not None]
    return int(any(one[:2] != other[:2] or abs(one[2] - other[2]) > 1e-6 * abs(one[2]) for other in others))


if __name__ == "__main__":
    sys.exit(main())
