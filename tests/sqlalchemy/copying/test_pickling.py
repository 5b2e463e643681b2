"""Pickles in other processes: without the database, without related modules, without a configured mapper."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from scale import IS_THOROUGH

PROTOCOLS = [2, 3, 4, 5] if IS_THOROUGH else [2, 5]
"""Each takes two programs."""

RELATED = """
from sqlalchemy.orm import Mapped, mapped_column

from shop_base import Base


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    markup: Mapped[float]
"""

REVIEWS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop_base import Base


class Review(Base):
    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
"""

BASE = """
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""

PRODUCTS = """
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from shop_base import Base

if TYPE_CHECKING:
    from shop_related import Category
    from shop_reviews import Review


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    category: Mapped["Category"] = relationship("Category")
    reviews: Mapped[list["Review"]] = relationship("Review", lazy="raise")
    cost = synonym("price")
    markup = association_proxy("category", "markup")

    @property
    def total(self) -> float:
        return self.price * self.category.markup
"""

GOODS = """
from sqlalchemy.orm import Mapped, mapped_column, synonym

from shop_base import Base


class Good(Base):
    __tablename__ = "goods"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[float]
    title = synonym("name")

    @property
    def total(self) -> float:
        return self.price + 1.0

    def rate(self, factor):
        return factor * self.price
"""

BUILD = """
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable


def built(session):
    best = session.get(Product, 2)
    x = LXVariable[Product, float]("x").from_model(session).bounds(
        lower=lambda product: 1000.0 if product is best else 0.0, upper=lambda product: 2000 + product.total
    )
    total = LXConstraint("total").expression(LXLinearExpression().add_term(x)).le().rhs(5000)
    return LXModel("plan").add_variable(x).add_constraint(total).maximize(
        LXLinearExpression().add_term(x, lambda product: product.cost + product.markup)
    )


def filled(path):
    engine = create_engine("sqlite:///" + path)
    Base.metadata.create_all(engine)
    session = Session(engine)
    session.add_all([Category(id=i, markup=1.5 * i) for i in (1, 2)])
    session.add_all([Product(id=i, price=i / 3, category_id=1 + i % 2) for i in (1, 2, 3)])
    session.commit()
    return session
"""

IMPORTS = """
from shop_base import Base
from shop_related import Category
from shop_products import Product
import shop_reviews
"""
HOW_TO_COMPARE = """
def digest(model):
    import hashlib
    arrays = model.compile().arrays()
    return hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Run a program in a process of its own, in a directory with the modules of a shop; returns what it prints."""
    modules = {
        "shop_base": BASE,
        "shop_related": RELATED,
        "shop_reviews": REVIEWS,
        "shop_products": PRODUCTS,
        "shop_goods": GOODS,
        "comparing": HOW_TO_COMPARE,
    }
    for name, text in modules.items():
        (tmp_path / f"{name}.py").write_text(text)

    def run(name: str, program: str, *sources: str) -> str:
        (tmp_path / f"{name}.py").write_text("\n".join([*sources, dedent(program)]))
        finished = subprocess.run(
            [sys.executable, "-W", "error", f"{name}.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    return run


DUMP = """
    import pickle, sys
    from comparing import digest

    session = filled("shop.db")
    model = built(session)
    with open("plan.pickle", "wb") as file:
        pickle.dump(model, file, protocol=PROTOCOL)
    print(digest(model))
"""

LOAD = """
    import os, pickle, sys
    from comparing import digest

    os.remove("shop.db")
    with open("plan.pickle", "rb") as file:
        model = pickle.load(file)
    print(digest(model))
    assert "shop_reviews" not in sys.modules
    rows = model.variables[0].get_instances()
    rows[0].price = 7.0
    assert (rows[0].cost, rows[0].markup) == (7.0, 3.0)
    assert [type(row).__name__ for row in rows] == ["Product"] * 3
    from shop_products import Product
    assert isinstance(rows[0], Product)
    assert not Product.__mapper__.configured
"""


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_loads_where_no_mapper_is_configured_and_no_related_class_is_imported(run, protocol):
    before = run("dump", DUMP.replace("PROTOCOL", str(protocol)), IMPORTS, BUILD)

    after = run("load", LOAD)

    assert after == before


def test_a_pickle_of_a_script_s_classes_works_in_the_processes_that_it_spawns(run):
    program = """
        import copy, multiprocessing, os, pickle
        from concurrent.futures import ProcessPoolExecutor
        from comparing import digest


        def work(model):
            return digest(model), [row.total for row in model.variables[0].get_instances()]


        if __name__ == "__main__":
            session = filled("shop.db")
            model = built(session)
            expected = work(model)
            twin = copy.deepcopy(model)
            session.close()
            os.remove("shop.db")
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                assert pool.submit(work, twin).result() == expected
                assert pool.submit(work, pickle.loads(pickle.dumps(twin))).result() == expected
            print("done")
    """

    printed = run("script", program, in_one_module(BASE, RELATED, REVIEWS, PRODUCTS), BUILD)

    assert printed == "done"


def test_a_model_with_its_session_goes_to_a_spawned_process(run):
    program = """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from comparing import digest

        if __name__ == "__main__":
            model = built(filled("shop.db"))
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                assert pool.submit(digest, model).result() == digest(model)
            print("done")
    """

    assert run("script", program, IMPORTS, BUILD) == "done"


def test_the_result_of_a_worker_comes_back(run):
    program = """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from lumix_core import LXOptimizer


        def solve(model):
            return model, LXOptimizer().use_solver("highs").solve(model)


        if __name__ == "__main__":
            model = built(filled("shop.db"))
            own = LXOptimizer().use_solver("highs").solve(model)
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                twin, solution = pool.submit(solve, model).result()
            assert dict(solution.variables["x"]) == dict(own.variables["x"])
            assert solution.variables["x"][twin.variables[0].get_instances()[0]] == own.variables["x"][1]
            print("done")
    """

    assert run("script", program, IMPORTS, BUILD) == "done"


def test_cloudpickle_takes_a_script_s_functions_and_a_model_along(run):
    program = """
        import cloudpickle, pickle
        from comparing import digest

        model = built(filled("shop.db"))
        solve = lambda: digest(model)
        with open("solve.pickle", "wb") as file:
            cloudpickle.dump(solve, file)
        print(digest(model))
    """
    before = run("dump", program, IMPORTS, BUILD)

    after = run("load", "import os, pickle\nos.remove('shop.db')\nprint(pickle.load(open('solve.pickle', 'rb'))())")

    assert after == before


def test_globals_of_a_script_go_along_with_its_lambdas(run):
    program = """
        import pickle
        from comparing import digest

        session = filled("shop.db")
        best = session.get(Product, 3)
        rates = {1: 5.0, 2: 6.0, 3: 7.0}


        def rate(product):
            return rates[product.id] + (100.0 if product is best else 0.0)


        model = LXModel("plan").add_variable(
            LXVariable[Product, float]("x").from_model(session).bounds(upper=lambda product: rate(product))
        )
        with open("plan.pickle", "wb") as file:
            pickle.dump(model, file)
        print(digest(model))
    """
    before = run("dump", program, IMPORTS, BUILD)

    after = run("load", LOAD.split("    rows =", maxsplit=1)[0])

    assert after == before


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rows_that_are_only_columns_compile_as_columns_where_no_mapper_is_configured(run, protocol):
    goods = """
        import pickle
        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session
        from comparing import digest
        from lumix_core import LXModel, LXVariable
        from shop_goods import Good

        session = Session(create_engine("sqlite://"))
        Good.metadata.create_all(session.connection())
        session.add_all([Good(id=i, price=i / 3, name=f"good {i}") for i in range(100)])
        session.commit()
        x = LXVariable[Good, float]("x").from_model(session).bounds(upper=lambda good: good.total + good.rate(2.0))
        model = LXModel("plan").add_variable(x.where(lambda good: good.title != "good 7"))
        with open("plan.pickle", "wb") as file:
            pickle.dump(model, file, protocol=PROTOCOL)
        print(digest(model))
    """
    load = """
        import pickle
        from comparing import digest

        with open("plan.pickle", "rb") as file:
            model = pickle.load(file)
        print(digest(model))
        rows = model.variables[0].source.rows
        assert sorted(rows.made) == [0, 50, 99]  # those on which columns and functions are compared
        from shop_goods import Good
        assert rows[3].total == 2.0
        assert not Good.__mapper__.configured
    """
    before = run("dump", goods.replace("PROTOCOL", str(protocol)))

    after = run("load", load)

    assert after == before


def in_one_module(*sources: str) -> str:
    """Return the modules of the shop as one script."""
    return "\n".join(line for source in sources for line in source.splitlines() if "from shop_" not in line).replace(
        "if TYPE_CHECKING:", ""
    )
