"""Moves stock between two tables, each time in one transaction, until it is sent a message; then sends how often."""

from __future__ import annotations

import sys

import workers
from sqlalchemy import create_engine, text


def main(url: str) -> None:
    engine, test = create_engine(url), workers.channel()
    moves = 0
    while not test.poll():
        moves += 1
        count = 1 if moves % 100 < 50 else -1
        with engine.begin() as connection:
            connection.execute(text("UPDATE sn_here SET stock = stock - :count"), {"count": count})
            connection.execute(text("UPDATE sn_there SET stock = stock + :count"), {"count": count})
        if moves == 1:
            test.send("moving")
    test.send(moves)


if __name__ == "__main__":
    main(*sys.argv[1:])
