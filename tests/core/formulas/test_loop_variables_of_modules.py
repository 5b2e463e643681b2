"""The late-binding trap in a script, where loops assign the variables of the module."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lumix_core import LXModel
from lumix_core.errors import LXLateBindingError

ErrorText = Callable[..., str]

SCRIPT = """
from types import SimpleNamespace as Row
from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable

products = [Row(id=1, price=3.0), Row(id=2, price=5.0)]
machines = [Row(id=1, hours=10.0), Row(id=2, hours=20.0)]
x = LXVariable[Row, float]("production").from_data(products).indexed_by(lambda p: p.id)
expression = LXLinearExpression()
{body}
limit = LXConstraint("limit").expression(expression).le().rhs(1)
model = LXModel("plan").add_variable(x).add_constraint(limit)
"""
BODIES = {
    "for": """
        for m in machines:
            expression.add_term(x, lambda p: p.price * m.hours)
    """,
    "while": """
        i = 0
        while i < 2:
            m = machines[i]
            expression.add_term(x, lambda p: p.price * m.hours)
            i += 1
    """,
    "comprehension": """
        [expression.add_term(x, lambda p: p.price * m.hours) for m in machines]
    """,
    "functions first": """
        for function in [lambda p: p.price * m.hours for m in machines]:
            expression.add_term(x, function)
    """,
    "unpacking": """
        for i, m in enumerate(machines):
            expression.add_term(x, lambda p: p.price * m.hours)
    """,
    "assignment in the body": """
        for i in range(2):
            m = machines[i]
            expression.add_term(x, lambda p: p.price * m.hours)
    """,
    "named function in the loop": """
        for m in machines:
            def coefficient(p):
                return p.price * m.hours
            expression.add_term(x, coefficient)
    """,
    "named function before the loop": """
        def coefficient(p):
            return p.price * m.hours
        for m in machines:
            expression.add_term(x, coefficient)
    """,
    "function called by a function": """
        def hours():
            return m.hours
        for m in machines:
            expression.add_term(x, lambda p: p.price * hours())
    """,
    "function within a function": """
        for m in machines:
            expression.add_term(x, lambda p: (lambda: p.price * m.hours)())
    """,
    "loop in a function, variable of the module": """
        def build():
            global m
            for m in machines:
                expression.add_term(x, lambda p: p.price * m.hours)
        build()
    """,
}


def script(body: str) -> str:
    return SCRIPT.format(body=dedent(body))


def run_script(body: str) -> LXModel:
    """Run a script as the module that it is: its variables are globals."""
    namespace: dict[str, Any] = {"__name__": "plan"}
    exec(compile(script(body), "plan.py", "exec"), namespace)
    model: LXModel = namespace["model"]
    return model


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_function_that_captures_the_variable_of_a_modules_loop_is_refused(body: str, error_text: ErrorText) -> None:
    text = error_text(LXLateBindingError, lambda: run_script(body).compile())

    assert text.startswith("The coefficient of 'production' (the function at plan.py:")
    assert " captures the loop variable 'm', which " in text
    assert " been rebound since" in text


@pytest.mark.parametrize(
    "body",
    [
        "for m in machines: expression.add_term(x, lambda p, m=m: p.price * m.hours)",
        "rate = 1\nexpression.add_term(x, lambda p: p.price * rate)\nrate = 30.0",
        "for m in machines[:1]: expression.add_term(x, lambda p: p.price * m.hours * 3)",
        "m = machines[0]\nexpression.add_term(x, lambda p: p.price * (10.0 + m.hours))\nm = machines[1]",
    ],
    ids=["bound", "rebound on purpose", "one turn", "rebound row"],
)
def test_a_variable_of_a_module_may_be_captured_otherwise(body: str, compiled: Any) -> None:
    model = run_script(body)

    found = compiled(model)

    assert found.rows == {"limit": {"production[1]": 90.0, "production[2]": 150.0}}


def test_a_variable_of_a_module_may_be_swept_on_purpose(compiled: Any) -> None:
    model = run_script("m = machines[0]\nexpression.add_term(x, lambda p: p.price * m.hours)")
    names = model.constraints[0].lhs.terms[0].coefficient.call.__globals__
    code = "found = []\nfor m in machines: found.append(compiled(model).rows['limit']['production[1]'])"

    exec(compile(code, "sweep.py", "exec"), names | {"compiled": compiled}, names)

    assert names["found"] == [30.0, 60.0]


def test_the_loop_of_a_script_is_found_in_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "plan.py"
    file.write_text(script(BODIES["for"]) + "model.compile()\n")

    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("lumix_core.errors.LXLateBindingError: The coefficient of 'production' (the function at ")
    assert "plan.py:11) captures the loop variable 'm'" in last
