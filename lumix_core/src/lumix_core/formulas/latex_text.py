r"""Names, texts and numbers in LaTeX's math mode, read alike by LaTeX, MathJax and KaTeX.

MathJax shows ``\_`` within ``\text{...}`` as it is written, so that special characters stand between texts.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Any

LONGEST_TEXT = 80
"""The most characters of a text that is shown."""
_SPECIAL = {
    **{character: f"\\{character}" for character in "_&%#${}"},
    "\\": r"\backslash ",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "<": "{<}",
    ">": "{>}",
    "|": "{|}",
    "`": r"{\grave{}}",
}
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*", flags=re.ASCII)
_NUMBER = re.compile(r"(-?)(\d+(?:\.\d+)?)(?:e([+-]\d+))?")


def text_latex(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text, upright, cut where it is very long; characters that cannot be printed become spaces."""
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    printable = "".join(character if character.isprintable() else " " for character in shown)
    runs = ((special, "".join(run)) for special, run in groupby(printable, _SPECIAL.__contains__))
    return "".join("".join(map(_SPECIAL.__getitem__, run)) if special else rf"\text{{{run}}}" for special, run in runs)


def name_latex(name: str, font: str) -> str:
    """Return a name as one symbol.

    Args:
        name: as the user wrote it.
        font: a command of LaTeX, such as ``mathit``, for names of letters, digits and underscores.
    """
    if _WORD.fullmatch(name) and len(name) <= LONGEST_TEXT:
        escaped = name.replace("_", r"\_")
        return rf"\{font}{{{escaped}}}"
    return f"{{{text_latex(name)}}}"


def number_latex(value: Any) -> str:
    """Return a number with all its digits; a multiple of a power of ten where Python writes one."""
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    if not isinstance(value, int | Decimal):
        value = float(value)
        if math.isinf(value):
            return r"\infty" if value > 0 else r"-\infty"
        value = int(value) if value.is_integer() and abs(value) < 1e15 else value
    parts = _NUMBER.fullmatch(str(value).lower())
    if parts is None:
        return text_latex(str(value))
    sign, digits, power = parts.groups()
    if power is None:
        return f"{sign}{digits}"
    exponent = f"10^{{{int(power)}}}"
    return f"{sign}{exponent}" if digits == "1" else rf"{sign}{digits} \cdot {exponent}"
