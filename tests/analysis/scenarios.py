"""Scenarios of the workshop, what they tell, and rows in a database."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lumix import LXConstraint, LXLinearExpression, LXScenario


def at_most_20(model):
    total = LXLinearExpression().add_term(model.get_variable("made"))
    model.add_constraint(LXConstraint("at_most_20").expression(total).le().rhs(20))


def seven(workshop):
    """Scenarios of each kind, one that is infeasible and one that fails."""
    return [
        LXScenario("more wood").describe("a second supplier").modify_constraint_rhs("stock", set_value=600, key=1),
        LXScenario("less of all").modify_constraint_rhs("stock", multiply=0.9),
        LXScenario("no wood").modify_constraint_rhs("stock", set_value=10, key=1),
        LXScenario("thrift").modify_parameter(workshop.quantity, lambda needed: 0.9 * needed),
        LXScenario("few desks").modify_variable_bound("made", upper=4, key=3),
        LXScenario("few in all").add_custom_modification(at_most_20),
        LXScenario("broken").add_custom_modification(lambda model: model.nothing),
    ]


def bits(results):
    """All that results tell, exactly."""
    return {
        name: (one.status, one.error, one.solution and one.solution._x is not None and one.solution._x.tobytes())
        for name, one in results.items()
    }


class Base(DeclarativeBase):
    pass


class Bin(Base):
    __tablename__ = "bins"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[float]
    shelf: Mapped[str] = mapped_column(default="low")
