"""What notebooks show: lines and tables of texts, in HTML that no name can break."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def html_lines(*lines: str) -> str:
    """Return a paragraph of lines of text."""
    return f"<p>{'<br>'.join(escape(line.strip()) for line in lines)}</p>"


def html_table(head: Sequence[str], lines: Sequence[Sequence[str]], count: int | None = None) -> str:
    """Return a table whose cells are texts.

    Args:
        head: the titles of the columns, which may all be empty.
        lines: the rows that are shown.
        count: how many rows there are; a last row says how many of them are not shown.
    """
    more = 0 if count is None else count - len(lines)
    rest = [[f"... ({more:,} more)", *[""] * (len(head) - 1)]] if more > 0 else []
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    top = f"<thead><tr>{titles}</tr></thead>" if any(head) else ""
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in [*lines, *rest])
    return f"<table>{top}<tbody>{rows}</tbody></table>"
