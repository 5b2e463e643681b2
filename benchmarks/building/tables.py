"""What is compared: each table's case, sizes and contenders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """One way to build a model.

    Args:
        name: how the tables call it.
        build: the function that is timed, ``module:function``; it gets what ``data`` returned.
        data: the function that opens or makes the data, before the time starts.
        peer: whether it runs in the environment of the peers, or in that of LumiX.
        slow: whether it takes so long that once is enough.
        sizes: the sizes at which it runs; None for all.
    """

    name: str
    build: str
    data: str
    peer: bool = True
    slow: bool = False
    sizes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Table:
    """Contenders side by side, of which the first is the yardstick.

    Args:
        name: for the command line.
        title: for the reader.
        contenders: in the order of their lines.
        sizes: one after the other; with three or more, the growth of the cost is printed too.
        warm_up: the size of the model that each process builds first.
        variant: what is passed to ``data``, beside the size.
        filled_by: the module that fills the databases, where there is a variant.
        unit: of the times, and how many of them make a second.
    """

    name: str
    title: str
    contenders: tuple[Contender, ...]
    sizes: tuple[str, ...]
    warm_up: str
    variant: str = ""
    filled_by: str = "production.fill"
    unit: str = "ms"
    per_second: float = 1000.0


DRIVER, ARROW, SESSION = (f"production.rows:open_{kind}" for kind in ("driver", "arrow", "session"))
FLOOR = Contender("floor: cursor, numpy, highspy", "production.floor:by_driver", DRIVER)
FETCHALL_FLOOR = Contender("floor: fetchall, numpy, highspy", "production.floor:by_fetchall", DRIVER)
ARROW_FLOOR = Contender("floor: Arrow, numpy, highspy", "production.floor:by_arrow", ARROW)
LUMIX = Contender("LumiX", "production.with_lumix:by_session", SESSION, peer=False)
RULES = Contender("LumiX, rules", "production.with_rules:build", SESSION, peer=False)
ARROW_LUMIX = Contender(
    'LumiX, reader="arrow"', "production.with_lumix:by_arrow", "production.with_lumix:open_for_arrow", peer=False
)
LINOPY = Contender("linopy, sparse model", "production.with_linopy:by_driver", DRIVER)

PRODUCTION = (
    FLOOR,
    FETCHALL_FLOOR,
    ARROW_FLOOR,
    LUMIX,
    RULES,
    ARROW_LUMIX,
    LINOPY,
    Contender("linopy, sparse model, Arrow", "production.with_linopy:by_arrow", ARROW),
    Contender("linopy, its default model", "production.with_linopy:dense", DRIVER),
    Contender("PyOptInterface, loops", "production.with_pyoptinterface:loops", DRIVER),
    Contender("PyOptInterface, arrays, Arrow", "production.with_pyoptinterface:arrays", ARROW),
    Contender("PuLP, loops", "production.with_pulp:loops", DRIVER),
    Contender("Pyomo, rules", "production.with_pyomo:rules", DRIVER),
    Contender("lumix-opt, keys=", "production.with_lumix_opt:keys", SESSION, slow=True),
    Contender("lumix-opt, tutorial", "production.with_lumix_opt:tutorial", SESSION, slow=True, sizes=("100k",)),
)

ROOMS = "timetable.data:make"
TIMETABLE = (
    Contender("floor: numpy, highspy", "timetable.floor:build", ROOMS),
    Contender("LumiX", "timetable.with_lumix:build", ROOMS, peer=False),
    Contender("LumiX, rules", "timetable.with_rules:build", ROOMS, peer=False),
    Contender("linopy, sparse model", "timetable.with_linopy:build", ROOMS),
    Contender("linopy, its default model", "timetable.with_linopy:dense", ROOMS),
    Contender("PyOptInterface, loops", "timetable.with_pyoptinterface:binaries", ROOMS, slow=True),
    Contender("PyOptInterface, loops, types last", "timetable.with_pyoptinterface:types_last", ROOMS),
    Contender("lumix-opt, keys=, a filtered list", "timetable.with_lumix_opt:keys", ROOMS),
    Contender("lumix-opt, tutorial", "timetable.with_lumix_opt:tutorial", ROOMS, slow=True, sizes=("100",)),
)

ITEMS = "catalogue.data:make"
CATALOGUE = (
    Contender("floor: numpy, highspy", "catalogue.floor:build", ITEMS),
    Contender("LumiX", "catalogue.with_lumix:build", ITEMS, peer=False),
    Contender("LumiX, rules", "catalogue.with_rules:build", ITEMS, peer=False),
    Contender("linopy, sparse model", "catalogue.with_linopy:build", ITEMS),
    Contender("linopy, its default model", "catalogue.with_linopy:dense", ITEMS),
)

LOOP = (
    Contender("LumiX", "loops.programs:lumix", "loops.data:make", peer=False),
    Contender("LumiX, one rule for all", "loops.programs:lumix_rule", "loops.data:make", peer=False),
    Contender("lumix-opt", "loops.programs:lumix_opt", "loops.data:make", slow=True),
)

WORKSHOP = (
    Contender("LumiX", "workshop.with_lumix:build", "workshop.with_lumix:make", peer=False),
    Contender("LumiX, rules", "workshop.with_lumix:rules", "workshop.with_lumix:make", peer=False),
)

STOCK = "inventory.rows:open_driver"
INVENTORY = (
    Contender("floor: cursor, numpy, highspy", "inventory.floor:by_driver", STOCK),
    Contender("LumiX", "inventory.with_lumix:build", "inventory.rows:open_session", peer=False),
    Contender("LumiX, rules", "inventory.with_rules:build", "inventory.rows:open_session", peer=False),
    Contender("linopy, sparse model", "inventory.with_linopy:build", STOCK),
    Contender("linopy, its default model", "inventory.with_linopy:dense", STOCK),
)

WINDOWS = tuple(
    Contender(name, f"windows.programs:{build}", f"windows.programs:{data}", peer=False)
    for name, build, data in (
        ("LumiX, a parameter of the pairs", "by_parameter", "paired"),
        ("LumiX, a condition over numbers", "by_numbers", "numbered"),
        ("LumiX, a condition over times", "by_times", "timed"),
        ("LumiX, a condition over times of two zones", "by_minutes", "in_berlin"),
    )
)

DATABASES = {"sqlite": "an SQLite file", "postgresql": "PostgreSQL"}


def readable(contenders: tuple[Contender, ...], database: str) -> tuple[Contender, ...]:
    """Return the contenders that can read a database: LumiX reads SQLite files alone as Arrow data."""
    return tuple(contender for contender in contenders if contender is not ARROW_LUMIX or database == "sqlite")


TABLES = (
    *(
        Table(f"production-{key}", f"Production, from {name}", readable(PRODUCTION, key), ("100k", "1m"), "10k", key)
        for key, name in DATABASES.items()
    ),
    Table("timetable", "Timetable, from objects; by the number of lectures", TIMETABLE, ("100", "600"), "20"),
    Table("catalogue", "Catalogue, from objects; by the number of variables", CATALOGUE, ("1000000",), "1000"),
    Table(
        "loop",
        "One constraint a row, in a loop; µs a constraint",
        LOOP,
        ("5000",),
        "10",
        unit="µs",
        per_second=1e6 / 5000,
    ),
    Table("workshop", "The example's second step", WORKSHOP, ("step2",), "step2"),
    Table(
        "inventory",
        "Inventory, from an SQLite file; by items and periods",
        INVENTORY,
        ("1000 x 365",),
        "10 x 20",
        "sqlite",
        "inventory.fill",
    ),
    Table("windows", "A rolling window of four steps, from objects", WINDOWS, ("35040",), "100"),
    *(
        Table(
            f"growth-{key}",
            f"Production, from {name}: the growth of the cost with the number of coefficients",
            readable((FLOOR, LUMIX, ARROW_FLOOR, ARROW_LUMIX), key),
            ("10k", "100k", "1m", "10m"),
            "10k",
            key,
        )
        for key, name in DATABASES.items()
    ),
)


def table(name: str) -> Table:
    """Return a table by name."""
    return next(one for one in TABLES if one.name == name)
