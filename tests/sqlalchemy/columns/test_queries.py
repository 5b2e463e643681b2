"""Queries that are read as columns, and those of which only instances tell the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, ForeignKey, desc, event, exists, func, literal_column, select, text, union_all
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Query,
    Session,
    aliased,
    defer,
    joinedload,
    load_only,
    mapped_column,
    noload,
    relationship,
    scoped_session,
    selectinload,
    sessionmaker,
    with_loader_criteria,
)

from lumix_sqlalchemy import reading
from tests.sqlalchemy import column_rows as rows
from tests.sqlalchemy.columns.reading import (
    ADAPTER,
    ID,
    ID_AND_RENT,
    Machine,
    Site,
    assert_as_instances,
    assert_read,
    expected,
    paths_of,
    read,
)

SELECTS: dict[str, Callable[[], Any]] = {
    "where": lambda: select(Machine).where(Machine.hours > 10),
    "order": lambda: select(Machine).order_by(Machine.hours.desc()),
    "order by an expression": lambda: select(Machine).order_by(func.abs(Machine.hours - 25), Machine.id),
    "order by a label": lambda: select(Machine).order_by(desc((-Machine.hours).label("id"))),
    "limit": lambda: select(Machine).order_by(Machine.id.desc()).limit(3).offset(1),
    "alias": lambda: select(aliased(Machine)),
    "named alias": lambda: select(alias := aliased(Machine, name="m")).where(alias.x > 1),
    "its own from": lambda: select(Machine).select_from(Machine),
    "exists": lambda: select(Machine).where(exists().where(Site.id == Machine.site_id, Site.rent > 5)),
    "has": lambda: select(Machine).where(Machine.site.has(Site.rent > 5)),
    "any": lambda: select(Site).where(Site.machines.any(Machine.hours > 10)),
    "subquery of the related table": lambda: select(Machine).where(
        Machine.hours > select(func.avg(Site.rent)).scalar_subquery()
    ),
    "in a subquery of its own table": lambda: select(Machine).where(
        Machine.id.in_(select(Machine.id).where(Machine.hours > 10))
    ),
    "joined loading": lambda: select(Machine).options(joinedload(Machine.site), selectinload(Machine.badge)),
    "joined loading of a collection": lambda: select(Site).options(joinedload(Site.machines)).limit(2),
    "load only": lambda: select(Machine).options(load_only(Machine.x)),
    "defer": lambda: select(Machine).options(defer(Machine.hours)),
    "execution options": lambda: select(Machine).execution_options(yield_per=2, stream_results=True),
    "criteria for the rows": lambda: select(rows.Note).options(with_loader_criteria(rows.Note, rows.Note.id > 1)),
    "criteria for related rows": lambda: select(Machine).options(
        with_loader_criteria(Site, lambda cls: cls.rent > 15, include_aliases=True)
    ),
    "subclass of a hierarchy": lambda: select(rows.Truck).where(rows.Truck.weight > 0),
    "a hierarchy in joined tables": lambda: select(rows.Engineer).where(rows.Engineer.name != "x"),
}


@pytest.mark.one_database
@pytest.mark.parametrize("make", SELECTS.values(), ids=SELECTS)
def test_a_select_is_read_as_its_instances(session: Session, make: Callable[[], Any]) -> None:
    cls = ADAPTER.query(make(), session).row_type  # type: ignore[union-attr]
    assert cls is not None

    paths = paths_of(cls)
    wanted = expected(session, make(), paths)

    assert_read(session, make(), paths, wanted)
    for path, values in zip(paths, wanted, strict=True):
        assert_read(session, make(), [path], [values])


QUERIES: dict[str, Callable[[Session], Any]] = {
    "plain": lambda session: session.query(Machine),
    "filtered": lambda session: session.query(Machine).filter(Machine.hours > 10).order_by(Machine.x.desc()),
    "limited": lambda session: session.query(Machine).limit(2),
    "with options": lambda session: session.query(Machine).options(joinedload(Machine.site)).populate_existing(),
    "with parameters": lambda session: session.query(Machine).filter(text("hours > :least")).params(least=15),
    "alias": lambda session: session.query(aliased(Machine)),
    "criteria": lambda session: session.query(Machine).options(with_loader_criteria(Machine, Machine.hours > 10)),
}


@pytest.mark.parametrize("make", QUERIES.values(), ids=QUERIES)
def test_a_query_is_read_as_its_instances(session: Session, make: Callable[[Session], Any]) -> None:
    assert_as_instances(session, make(session), [(name,) for name in ADAPTER.row_class(Machine).columns])


def test_a_query_is_read_along_its_relationships(session: Session) -> None:
    assert_as_instances(session, session.query(Machine).filter(Machine.x > 1), paths_of(Machine))


def test_criteria_hold_without_a_column_of_the_rows(session: Session) -> None:
    assert read(
        session, select(Machine).options(with_loader_criteria(Machine, Machine.hours > 25)), [("site", "id")]
    ) == [[None, 3]]
    assert read(session, rows.Truck, [("truck", "id")]) == [[None]]


def test_a_scoped_session_is_that_of_the_moment(filled: Engine) -> None:
    scoped = scoped_session(sessionmaker(filled))

    assert read(scoped, Machine, ID) == [[1, 2, 3, 4]]
    scoped.remove()


def test_a_session_on_a_connection_is_read_there(filled: Engine) -> None:
    with filled.connect() as connection, Session(connection) as session:
        assert read(session, Machine, ID) == [[1, 2, 3, 4]]


def test_a_statement_s_own_parameters_hold(session: Session) -> None:
    statement = select(Machine).where(text("hours > :least")).params(least=25)

    assert read(session, statement, ID) == [[3, 4]]


def test_one_query_reads_all(session: Session, statements: list[str]) -> None:
    session.connection()
    statements.clear()

    read(session, Machine, paths_of(Machine))

    assert len(statements) == 1


def test_no_instance_is_made(session: Session) -> None:
    read(session, Machine, paths_of(Machine))

    assert list(session.identity_map) == []


def test_a_reading_leaves_no_cursor_open(session: Session) -> None:
    for _ in range(3):
        read(session, Machine, ID)
    session.commit()

    assert read(session, select(Machine).execution_options(stream_results=True), ID) == [[1, 2, 3, 4]]


REFUSED: dict[str, Callable[[], Any]] = {
    "distinct": lambda: select(Machine).distinct(),
    "group by": lambda: select(Machine).group_by(Machine.id),
    "having": lambda: select(Machine).group_by(Machine.id).having(func.count() > 0),
    "join": lambda: select(Site).join(Site.machines),
    "outer join": lambda: select(Machine).outerjoin(Machine.site),
    "several tables": lambda: select(Machine).where(Machine.site_id == Site.id),
    "joined in its from": lambda: select(Machine).select_from(Machine).join(Site, Machine.site_id == Site.id),
    "union": lambda: select(Machine).union_all(select(Machine)),
    "instances from text": lambda: select(Machine).from_statement(text("SELECT * FROM machines")),
    "text": lambda: text("SELECT id FROM machines"),
    "mere columns": lambda: select(Machine.id),
    "a class and a column": lambda: select(Machine, Machine.hours),
    "two classes": lambda: select(Machine, Site).join(Machine.site),
    "order by text": lambda: select(Machine).order_by(text("hours")),
    "order by a name": lambda: select(Machine).order_by("hours"),
    "order by a literal column": lambda: select(Machine).order_by(literal_column("hours")),
    "an alias of a subquery": lambda: select(aliased(Machine, union_all(select(Machine), select(Machine)).subquery())),
    "an alias of joined tables": lambda: select(aliased(rows.Engineer)),
    "a flat alias of joined tables": lambda: select(aliased(rows.Engineer, flat=True)),
    "an inner join that loads": lambda: select(Machine).options(joinedload(Machine.site, innerjoin=True)),
    "an inner join further on": lambda: select(Machine).options(
        joinedload(Machine.site).joinedload(Site.head, innerjoin=True)
    ),
    "a relationship loaded in part": lambda: select(Machine).options(selectinload(Machine.site.and_(Site.rent > 15))),
    "a relationship to another class": lambda: select(rows.Vehicle).options(
        selectinload(rows.Vehicle.truck.of_type(aliased(rows.Truck)))
    ),
    "a hint": lambda: select(Machine).with_hint(Machine, "USE INDEX (primary)", "mysql"),
    "a prefix": lambda: select(Machine).prefix_with("/* fast */"),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_a_query_whose_rows_are_not_its_instances_is_refused(
    session: Session, statements: list[str], make: Callable[[], Any]
) -> None:
    assert read(session, make(), ID) is None
    assert not [one for one in statements if "machines" in one]


@pytest.mark.filterwarnings("ignore:The noload")
def test_a_relationship_that_is_left_empty_is_for_instances(session: Session) -> None:
    assert read(session, select(Machine).options(noload(Machine.site)), ID_AND_RENT) is None
    assert read(session, select(Machine).options(noload("*")), ID_AND_RENT) is None


def test_a_mapping_that_joins_what_a_row_may_lack_is_for_instances(session: Session) -> None:
    class OtherBase(DeclarativeBase): ...

    class Place(OtherBase):
        __tablename__ = "sites"
        site_key: Mapped[int] = mapped_column(primary_key=True)

    class Tool(OtherBase):
        __tablename__ = "machines"
        id: Mapped[int] = mapped_column(primary_key=True)
        site_id: Mapped[int] = mapped_column(ForeignKey(Place.site_key))
        site: Mapped[Place] = relationship(lazy="joined", innerjoin=True)

    class Medal(OtherBase):
        __tablename__ = "badges"
        id: Mapped[int] = mapped_column(primary_key=True)
        machine_id: Mapped[int] = mapped_column(ForeignKey(Tool.id))
        machine: Mapped[Tool] = relationship(lazy="joined")

    assert len(ADAPTER.query(Tool, session).rows()) == 3  # type: ignore[union-attr]
    assert read(session, Tool, ID) is None
    assert read(session, Medal, ID) is None


def test_a_class_of_a_subquery_is_for_instances(session: Session) -> None:
    class OtherBase(DeclarativeBase): ...

    class Twice(OtherBase):
        __table__ = union_all(select(Machine.__table__), select(Machine.__table__)).subquery()
        __mapper_args__: ClassVar[dict[str, Any]] = {"primary_key": [__table__.c.id]}

    assert len(ADAPTER.query(Twice, session).rows()) == 4  # type: ignore[union-attr]
    assert read(session, Twice, ID) is None


class OwnQuery(Query[Any]):
    def __iter__(self) -> Any:
        return iter([])


class PagedQuery(Query[Any]):
    def page(self, number: int) -> Any:
        return self.limit(10).offset(10 * number)


def test_a_query_of_a_class_of_its_own_is_for_instances(filled: Engine) -> None:
    with Session(filled, query_cls=OwnQuery) as session:
        assert read(session, session.query(Machine), ID) is None


def test_a_query_of_a_class_that_only_adds_to_query_is_read_as_columns(filled: Engine) -> None:
    with Session(filled, query_cls=PagedQuery) as session:
        assert read(session, session.query(Machine), ID) == [[1, 2, 3, 4]]


def test_a_query_with_a_listener_is_for_instances(session: Session) -> None:
    def only_large(query: Query[Any]) -> Query[Any]:
        return query.filter(Machine.hours > 15)

    event.listen(Query, "before_compile", only_large, retval=True)
    try:
        assert read(session, session.query(Machine), ID) is None
        assert expected(session, session.query(Machine), ID) == [[2, 3, 4]]
    finally:
        event.remove(Query, "before_compile", only_large)


REFUSED_QUERIES: dict[str, Callable[[Session], Any]] = {
    "distinct": lambda session: session.query(Machine).distinct(),
    "join": lambda session: session.query(Machine).join(Machine.site),
    "tuples": lambda session: session.query(Machine, Site).join(Machine.site),
    "tuples of one": lambda session: session.query(Machine).only_return_tuples(True),
    "text": lambda session: session.query(Machine).from_statement(text("SELECT * FROM machines")),
    "union": lambda session: session.query(Machine).union(session.query(Machine)),
}


@pytest.mark.parametrize("make", REFUSED_QUERIES.values(), ids=REFUSED_QUERIES)
def test_a_legacy_query_whose_rows_are_not_its_instances_is_refused(
    session: Session, make: Callable[[Session], Any]
) -> None:
    assert read(session, make(session), ID) is None


REFUSED_ALONG: dict[str, Callable[[], Any]] = {
    "criteria that leave aliases out": lambda: select(Machine).options(with_loader_criteria(Site, Site.rent > 15)),
    "criteria of this query alone": lambda: select(Machine).options(
        with_loader_criteria(Site, Site.rent > 15, include_aliases=True, propagate_to_loaders=False)
    ),
    "criteria for a common base": lambda: select(Machine).options(
        with_loader_criteria(rows.Priced, lambda cls: cls.price.is_not(None))
    ),
    "a condition in text": lambda: select(Machine).where(text("x > 1")),
    "a condition on a literal column": lambda: select(Machine).where(literal_column("x") > 1),
    "locking": lambda: select(Machine).with_for_update(),
}


@pytest.mark.parametrize("make", REFUSED_ALONG.values(), ids=REFUSED_ALONG)
def test_what_a_join_would_change_is_refused_along_relationships_only(
    session: Session, make: Callable[[], Any]
) -> None:
    assert read(session, make(), ID_AND_RENT) is None
    assert_as_instances(session, make(), [("id",), ("hours",)])


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("nothing",),
        ("site",),
        ("site", "nothing"),
        ("machines", "id"),
        ("secret",),
        ("asked",),
        ("point",),
        ("time",),
        ("note", "id"),
        ("anywhere", "id"),
        ("never", "id"),
        ("id", "id"),
        ("site", "machines", "id"),
    ],
    ids=".".join,
)
def test_a_path_that_no_mapped_attributes_lead_along_is_refused(session: Session, path: tuple[str, ...]) -> None:
    assert read(session, Machine, [("id",), path]) is None


def test_an_error_of_the_database_is_sqlalchemy_s_own(session: Session) -> None:
    with pytest.raises((OperationalError, ProgrammingError)):
        read(session, select(Machine).where(text("nothing = 1")), ID)


def test_a_value_that_cannot_be_read_is_an_error_that_leaves_the_session_usable(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OtherBase(DeclarativeBase): ...

    class Broken(OtherBase):
        __tablename__ = "machines"
        id: Mapped[int] = mapped_column(rows.Unreadable, primary_key=True)

    monkeypatch.setattr(reading, "ROWS_A_CHUNK", 1)

    with pytest.raises(ValueError, match="unreadable") as caught:
        read(session, Broken, ID)

    assert read(session, Machine, ID) == [[1, 2, 3, 4]]
    del caught
