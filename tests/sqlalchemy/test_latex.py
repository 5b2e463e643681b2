"""A model over mapped classes is written in mathematics without a query."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from lumix_core import LXConstraint, LXLinearExpression, LXModel, LXVariable
from tests.core.latex import check_latex


class Base(DeclarativeBase): ...


class Site(Base):
    __tablename__ = "sites"
    id: Mapped[int] = mapped_column(primary_key=True)
    rent: Mapped[float]


class Machine(Base):
    __tablename__ = "machines"
    id: Mapped[int] = mapped_column(primary_key=True)
    hours: Mapped[float]
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    site: Mapped[Site | None] = relationship()

    @property
    def cost(self) -> float:
        return self.site.rent * self.hours if self.site else 0.0


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")  # without tables, so that a query would be an error
    with Session(engine) as session:
        yield session


def test_paths_properties_and_primary_keys_are_written_without_a_query(session: Session) -> None:
    statements: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *run: statements.append(run[2]))
    on = LXVariable[Machine, float]("on").from_model(session).bounds(0, lambda m: m.hours)
    rent = LXConstraint[Site]("rent").from_model(select(Site).where(Site.rent > 0), session).le().rhs(lambda s: s.rent)
    rent.expression(LXLinearExpression().add_term(on, lambda m, s: m.cost, where=lambda m, s: m.site_id == s.id))

    text = LXModel("m").add_variable(on).add_constraint(rent).to_latex()

    check_latex(text)
    assert statements == []
    cost = (
        r"\begin{cases} {\text{site.rent}}_{m} \, \mathrm{hours}_{m} & \text{if } \exists\, \mathrm{site}_{m} \\"
        r" 0 & \text{otherwise} \end{cases}"
    )
    domain = r"m \in \mathrm{Machine} \,:\, \mathrm{site\_id}_{m} = s"
    weighed = rf"\sum_{{{domain}}} \left( {cost} \right) \, \mathit{{on}}_{{m}}"
    assert rf"\mathbf{{rent}}\colon\; {weighed} \le \mathrm{{rent}}_{{s}}" in text
    assert r"0 \le \mathit{on}_{m} \le \mathrm{hours}_{m} & & \quad \forall\, m \in \mathrm{Machine}" in text
    assert r"\mathrm{Site}\colon\; \text{SELECT sites.id, sites.rent FROM sites WHERE sites.rent }{>}" in text
