"""Moves stock between two tables, each time in one transaction, until its input ends; then prints how often."""

from __future__ import annotations

import sys
import threading

import psycopg


def main(host: str, port: str, user: str, password: str, database: str) -> None:
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    moves = 0
    address = {"host": host, "port": port or "5432", "user": user, "password": password, "dbname": database}
    with psycopg.connect(**address) as connection:
        while not ended.is_set():
            moves += 1
            count = 1 if moves % 100 < 50 else -1
            with connection.transaction():
                connection.execute("UPDATE workshop_here SET stock = stock - %s", [count])
                connection.execute("UPDATE workshop_there SET stock = stock + %s", [count])
            if moves == 1:
                print("moving", flush=True)
    print(moves, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
