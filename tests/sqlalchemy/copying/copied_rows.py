"""The mapped classes of the property tests, in a module that another process can import."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Price(Base):
    __tablename__ = "prices"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]


class Group(Base):
    __tablename__ = "groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    rate: Mapped[float] = mapped_column("hourly_rate")
    items: Mapped[list[Item]] = relationship(back_populates="group", order_by="Item.id")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    price: Mapped[float]
    weight: Mapped[float] = mapped_column(deferred=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id"))
    next_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"))
    group: Mapped[Group | None] = relationship(back_populates="items")
    next: Mapped[Item | None] = relationship(remote_side=[id])
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "item"}  # noqa: RUF012

    @property
    def value(self) -> float:
        return self.price + (0.0 if self.group is None else self.group.rate)


class Kit(Item):
    __tablename__ = "kits"
    id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    bonus: Mapped[float]
    __mapper_args__ = {"polymorphic_identity": "kit"}  # noqa: RUF012

    @property
    def value(self) -> float:
        return self.price * self.bonus
