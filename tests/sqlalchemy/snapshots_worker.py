"""Moves stock between two tables, each time in one transaction, until its input ends; then prints how often."""

from __future__ import annotations

import sys
import threading

from sqlalchemy import create_engine, text


def main(url: str) -> None:
    engine, ended = create_engine(url), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    moves = 0
    while not ended.is_set():
        moves += 1
        count = 1 if moves % 100 < 50 else -1
        with engine.begin() as connection:
            connection.execute(text("UPDATE sn_here SET stock = stock - :count"), {"count": count})
            connection.execute(text("UPDATE sn_there SET stock = stock + :count"), {"count": count})
        if moves == 1:
            print("moving", flush=True)
    print(moves, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
