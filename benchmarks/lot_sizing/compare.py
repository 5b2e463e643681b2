"""The lot-sizing model of the guide beside linopy's and JuMP's: lines, tokens, and the same optimum.

Run it with LumiX's environment. linopy's program is run with that of the peers, `.venv-peers`, where there is one.
JuMP's is not run.
"""

import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TOKEN = re.compile(r"\"[^\"\n]*\"|\w+|[^\w\s]")
IMPORTS = ("import ", "from ", "using ")
Result = tuple[int, int, float]
"""Variables, constraints and the optimum."""


def blocks_of_guide() -> list[str]:
    """Return the blocks of code of the guide: its rows first, and then its model."""
    page = (ROOT / "docs" / "lot-sizing.md").read_text()
    return re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def model_in(path: Path) -> str:
    """Return the part of a program that is its model."""
    return path.read_text().partition("# The model begins here.\n")[2].partition("# The model ends here.")[0]


def counts(code: str) -> tuple[int, int]:
    """Return how many lines and tokens a program has, without imports and comments."""
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith((*IMPORTS, "#"))]
    return len(lines), sum(len(TOKEN.findall(line)) for line in lines)


def solved_by_lumix(rows: str, model: str, file: Path) -> Result:
    """Solve the model of the guide, and copy its database to a file."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(rows, "rows.py", "exec"), names)
    exec(compile(model, "model.py", "exec"), names)
    solution = names["LXOptimizer"]().solve(names["model"], mip_rel_gap=0)
    problem = names["model"].compile()
    copy = sqlite3.connect(file)
    names["engine"].raw_connection().driver_connection.backup(copy)
    copy.close()
    return problem.num_variables, problem.num_constraints, solution.objective_value


def solved_by_linopy(file: Path) -> Result | None:
    """Solve linopy's model of a database; None where the peers are not installed."""
    if not PEERS.exists():
        return None
    command = [str(PEERS), str(FOLDER / "with_linopy.py"), str(file)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    variables, constraints, optimum = printed.rpartition("result: ")[2].split()
    return int(variables), int(constraints), float(optimum)


def main() -> int:
    """Print the table; return 1 where the results differ."""
    rows, model = blocks_of_guide()[:2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lots.db"
        results = {"LumiX": solved_by_lumix(rows, model, file), "linopy": solved_by_linopy(file), "JuMP": None}
    programs = {
        "LumiX": model,
        "linopy": model_in(FOLDER / "with_linopy.py"),
        "JuMP": model_in(FOLDER / "with_jump.jl"),
    }
    print("| | lines | tokens | variables | constraints | optimum |\n| --- | --- | --- | --- | --- | --- |")
    for name, code in programs.items():
        found = results[name]
        shown = ["not run"] * 3 if found is None else [f"{number:,.10g}" for number in found]
        print(f"| {name} | {' | '.join([*map(str, counts(code)), *shown])} |")
    one, other = results["LumiX"], results["linopy"]
    return int(other is not None and (one[:2] != other[:2] or abs(one[2] - other[2]) > 1e-6 * abs(one[2])))


if __name__ == "__main__":
    sys.exit(main())
