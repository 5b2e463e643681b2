"""A session that is refreshed is one that is opened now, with the same changes made again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from scale import examples

from lumix import LXConstraint, LXLinearExpression, LXModel, LXModelError, LXOptimizer, LXParameter, LXVariable

NUMBERS = st.integers(1, 9).map(float)
KEYS = st.integers(0, 4)
OF_ROWS = st.lists(st.tuples(st.sampled_from(["profit", "most", "need", "add", "remove"]), KEYS, NUMBERS), max_size=4)
OF_SESSION = st.lists(
    st.tuples(st.sampled_from(["bound", "rhs", "parameter", "data", "scale"]), KEYS, NUMBERS), max_size=4
)


@dataclass
class Product:
    id: int
    profit: float
    most: float


class Plant:
    def __init__(self) -> None:
        self.products = [Product(i, 2.0, 3.0) for i in range(3)]
        self.needs = dict.fromkeys(range(5), 1.0)
        self.need = need = LXParameter("need").from_data(self.needs)
        self.made = made = LXVariable[Product, float]("made").from_data(self.products).indexed_by(lambda p: p.id)
        most = LXConstraint[Product]("most").from_data(self.products).indexed_by(lambda p: p.id)
        most.expression(LXLinearExpression().add_term(made, lambda p: need[p.id])).le().rhs(lambda p: p.most)
        self.model = LXModel("plant").add_variable(made.bounds(0, lambda p: p.most)).add_constraint(most)
        self.model.maximize(LXLinearExpression().add_term(made, lambda p: p.profit))

    def change(self, what: str, key: int, number: float) -> None:
        """Change the rows themselves, of which one always stays."""
        known = {product.id: product for product in self.products}
        if what == "need":
            self.needs[key] = number
        elif what == "add" and key not in known:
            self.products.append(Product(key, number, 3.0))
        elif what == "remove" and key in known and len(known) > 1:
            self.products.remove(known[key])
        elif what in ("profit", "most") and key in known:
            setattr(known[key], what, number)


def ask(session: Any, what: str, key: int, number: float) -> bool:
    """Change the session; return whether there was anything to change."""
    with suppress(KeyError, LXModelError):
        if what == "bound":
            session.set_bounds("made", upper=number, key=key)
        elif what == "rhs":
            session.set_rhs("most", number, key=key)
        elif what == "parameter":
            session.set_parameter("need", {key: number})
        elif what == "scale":
            session["need"].scale(number)
        else:
            session.modify_data(Product, lambda p: p.id >= key, "profit", lambda p: p.profit + number)
        return True
    return False


@settings(max_examples=examples(120))
@given(OF_SESSION, OF_ROWS, OF_ROWS)
def test_refreshing_is_opening_anew_with_the_same_changes(asked: Any, first: Any, second: Any) -> None:
    plant = Plant()
    with LXOptimizer().open(plant.model) as session:
        made = [request for request in asked if ask(session, *request)]
        for changes in (first, second):
            for change in changes:
                plant.change(*change)
            session.refresh()
            with LXOptimizer().open(plant.model) as fresh:
                made = [request for request in made if ask(fresh, *request)]

                assert session.problem.has_numbers_of(fresh.problem)
        assert list(session.problem.variables[0].keys) == [product.id for product in plant.products]
