"""Moves stock between two tables, each time in one transaction, until it is sent a message; then sends how often."""

from __future__ import annotations

import sys

import psycopg
import workers


def main(host: str, port: str, user: str, password: str, database: str) -> None:
    test = workers.channel()
    moves = 0
    address = {"host": host, "port": port or "5432", "user": user, "password": password, "dbname": database}
    with psycopg.connect(**address) as connection:
        while not test.poll():
            moves += 1
            count = 1 if moves % 100 < 50 else -1
            with connection.transaction():
                connection.execute("UPDATE workshop_here SET stock = stock - %s", [count])
                connection.execute("UPDATE workshop_there SET stock = stock + %s", [count])
            if moves == 1:
                test.send("moving")
    test.send(moves)


if __name__ == "__main__":
    main(*sys.argv[1:])
