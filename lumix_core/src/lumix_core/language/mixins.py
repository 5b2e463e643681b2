"""A kind of row in brackets behind a class that serves all kinds."""

from __future__ import annotations

from typing import Self


class Bracketed:
    """Takes a class of rows in brackets, as in ``LXModel[Product]("plan")``: for who reads it, and nothing else."""

    def __class_getitem__(cls, row: object) -> type[Self]:
        return cls
