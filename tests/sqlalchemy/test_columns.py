"""Columns read in place of instances: the same values, or nothing where only instances tell the truth."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from sqlalchemy import (
    JSON,
    Engine,
    ForeignKey,
    desc,
    event,
    exists,
    func,
    literal_column,
    select,
    text,
    union_all,
)
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Query,
    Session,
    aliased,
    defer,
    joinedload,
    load_only,
    mapped_column,
    noload,
    reconstructor,
    relationship,
    scoped_session,
    selectinload,
    sessionmaker,
    with_loader_criteria,
)

from lumix_core.rows.adapter import ColumnQuery
from lumix_sqlalchemy import SQLAlchemyAdapter, reading

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
rows: Any = import_module("column_rows")
sys.path.remove(str(HERE))

Machine, Site, Badge = rows.Machine, rows.Site, rows.Badge
ADAPTER = SQLAlchemyAdapter()
CLASSES = [
    rows.Everything,
    Machine,
    Site,
    Badge,
    rows.Note,
    rows.Person,
    rows.Engineer,
    rows.Vehicle,
    rows.Truck,
    rows.Pair,
]
ID = [("id",)]
ID_AND_RENT = [("id",), ("site", "rent")]


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Iterator[Engine]:
    rows.Base.metadata.create_all(engine)
    with Session(engine) as session:
        rows.fill(session)
    yield engine
    rows.Base.metadata.drop_all(engine)


@pytest.fixture
def session(filled: Engine) -> Iterator[Session]:
    with Session(filled) as session:
        yield session


def read(session: Any, target: Any, paths: Any, **options: Any) -> list[list[Any]] | None:
    """Return the columns as lists."""
    query = ADAPTER.query(target, session)
    assert isinstance(query, ColumnQuery)
    found = query.columns(paths, **options)
    return None if found is None else [np.asarray(one).tolist() for one in found]


def expected(session: Session, target: Any, paths: Any) -> list[list[Any]]:
    """Return what the instances hold, read in another session of the same transaction."""
    query = ADAPTER.query(target, session)
    assert query is not None
    session.expunge_all()
    instances = query.rows()
    return [rows.by_instance(instances, path) for path in paths]


def assert_as_instances(session: Session, target: Any, paths: Any) -> None:
    assert_read(session, target, paths, expected(session, target, paths))


def assert_read(session: Session, target: Any, paths: Any, wanted: list[list[Any]]) -> None:
    found = read(session, target, paths)
    assert found is not None
    for path, column, values in zip(paths, found, wanted, strict=True):
        assert rows.exactly(column) == rows.exactly(values), path


def paths_of(cls: type, steps: int = 2) -> list[tuple[str, ...]]:
    """Return every path of a class, along at most that many relationships."""
    known = ADAPTER.row_class(cls)
    found = [(name,) for name in sorted(known.columns)]
    for name, target in known.related.items() if steps else ():
        found += [(name, *rest) for rest in paths_of(target, steps - 1)]
    return found


# What a class tells


def test_composites_synonyms_and_query_expressions_are_no_columns() -> None:
    known = ADAPTER.row_class(Machine)

    assert known.columns == {"id", "hours", "x", "y", "manual", "twice", "site_id", "spare_id"}
    assert ADAPTER.row_class(Site).columns == {"id", "rent", "price", "head_id", "is_known", "count"}


def test_related_are_the_rows_that_a_join_finds_once() -> None:
    assert ADAPTER.row_class(Machine).related == {"site": Site, "spare": Site, "rich": Site, "badge": Badge}
    assert ADAPTER.row_class(Site).related == {"head": Site}
    assert ADAPTER.row_class(rows.Pair).related == {"above": rows.Pair}
    assert ADAPTER.row_class(rows.Engineer).related == {"boss": rows.Engineer}
    assert ADAPTER.row_class(rows.Note).related == {}


def test_what_a_subclass_reads_otherwise_is_no_column() -> None:
    class OtherBase(DeclarativeBase): ...

    class Thing(OtherBase):
        __tablename__ = "things"
        __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_on": "kind", "polymorphic_identity": "thing"}
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        price: Mapped[float]
        weight: Mapped[float]

    class Better(Thing):
        __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "better"}

        @property
        def price(self) -> float:  # type: ignore[override]
            return 1.0

    assert ADAPTER.row_class(Better).columns == {"id", "kind", "weight"}
    assert ADAPTER.row_class(Thing).columns == {"id", "kind", "weight"}


def test_subclasses_in_tables_of_their_own_share_no_column() -> None:
    class OtherBase(DeclarativeBase): ...

    class Thing(OtherBase):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Other(Thing):
        __tablename__ = "others"
        __mapper_args__: ClassVar[dict[str, Any]] = {"concrete": True}
        id: Mapped[int] = mapped_column(primary_key=True)

    assert ADAPTER.row_class(Other).columns == {"id"}
    assert ADAPTER.row_class(Thing).columns == frozenset()


# Values


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_mapped_attributes_of_every_type_are_read_as_in_instances(session: Session, cls: type) -> None:
    assert_as_instances(session, cls, paths_of(cls))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_mapped_attribute_is_read_alone(session: Session, cls: type) -> None:
    for path in paths_of(cls):
        assert_as_instances(session, cls, [path])


@pytest.mark.parametrize("size", [1, 2])
def test_chunks_make_whole_columns(session: Session, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_A_CHUNK", size)

    assert_as_instances(session, rows.Everything, paths_of(rows.Everything))
    assert_as_instances(session, Machine, paths_of(Machine))


def test_columns_of_one_number_type_are_typed(session: Session) -> None:
    query = ADAPTER.query(Machine, session)
    assert isinstance(query, ColumnQuery)

    found = query.columns([("id",), ("hours",), ("site_id",), ("manual",)])

    assert found is not None
    assert [np.asarray(one).dtype for one in found] == [np.int64, np.float64, np.object_, np.object_]


def test_no_rows_are_columns_of_no_values(session: Session) -> None:
    assert read(session, select(Machine).where(Machine.id < 0), [("id",), ("site", "rent")]) == [[], []]


def test_no_paths_are_no_columns(session: Session) -> None:
    assert read(session, Machine, []) == []


def test_a_path_may_be_asked_for_twice(session: Session) -> None:
    assert read(session, Machine, [("id",), ("x",), ("id",)]) == [[1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4]]


def test_a_missing_related_row_leaves_none_whatever_its_type_makes_of_null(session: Session) -> None:
    found = read(session, Machine, [("site", "price"), ("site", "is_known"), ("site", "count"), ("site", "id")])

    assert found == [
        [rows.Euro(3), rows.Euro(0), None, rows.Euro(0)],
        [11.0, 21.0, None, 1.0],
        [1, 1, None, 1],
        [1, 2, None, 3],
    ]


# Queries


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
    """May make of its rows what it likes."""


def test_a_query_of_a_class_of_its_own_is_for_instances(filled: Engine) -> None:
    with Session(filled, query_cls=OwnQuery) as session:
        assert read(session, session.query(Machine), ID) is None


def test_a_condition_that_a_query_s_listener_adds_holds(session: Session) -> None:
    def only_large(query: Query[Any]) -> Query[Any]:
        return query.filter(Machine.hours > 15)

    event.listen(Query, "before_compile", only_large, retval=True)
    try:
        assert read(session, session.query(Machine), ID) == [[2, 3, 4]]
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


# Sessions


def test_pending_changes_are_flushed_first(session: Session) -> None:
    session.get_one(Machine, 1).hours = 77.0
    session.add(Machine(id=9, hours=1.0, x=0, y=0, manual="", secret="", site_id=2))
    session.delete(session.get_one(Machine, 4))

    assert read(session, Machine, [("id",), ("hours",), ("site", "rent")]) == [
        [1, 2, 3, 9],
        [77.0, 20.0, 30.0, 1.0],
        [10.0, 20.0, None, 20.0],
    ]


PENDING: dict[str, Callable[[Session], Any]] = {
    "changed": lambda session: setattr(session.get_one(Machine, 1), "hours", 77.0),
    "new": lambda session: session.add(Site(id=9, price=rows.Euro(0))),
    "deleted": lambda session: session.delete(session.get_one(Badge, 7)),
}


@pytest.mark.parametrize("change", PENDING.values(), ids=PENDING)
def test_pending_changes_that_are_not_flushed_are_for_instances(
    filled: Engine, statements: list[str], change: Callable[[Session], Any]
) -> None:
    with Session(filled) as session:
        change(session)
        statements.clear()

        assert read(session, Machine, ID, flush=False) is None
        with session.no_autoflush:
            assert read(session, Machine, ID) is None
        assert statements == []
        assert session.new or session.dirty or session.deleted
    with Session(filled, autoflush=False) as session:
        change(session)
        assert read(session, Machine, ID) is None


def test_a_query_that_does_not_flush_is_for_instances_while_changes_are_pending(session: Session) -> None:
    session.get_one(Machine, 1).hours = 77.0

    assert read(session, session.query(Machine).autoflush(False), ID) is None
    assert read(session, select(Machine).execution_options(autoflush=False), ID) is None
    assert session.dirty


def test_nothing_is_flushed_where_it_must_not(session: Session, statements: list[str]) -> None:
    assert read(session, Machine, ID, flush=False) == [[1, 2, 3, 4]]
    assert read(session, session.query(Machine).autoflush(False), ID) == [[1, 2, 3, 4]]


def test_what_a_listener_adds_is_not_flushed_either(session: Session, statements: list[str]) -> None:
    event.listen(session, "do_orm_execute", lambda state: state.session.add(Site(id=9)))

    assert read(session, Machine, ID, flush=False) is None
    assert not [one for one in statements if "INSERT" in one]


def test_flushed_changes_are_seen_before_they_are_committed(session: Session) -> None:
    session.get_one(Machine, 1).hours = 77.0
    session.flush()

    assert read(session, Machine, [("hours",)], flush=False) == [[77.0, 20.0, 30.0, 40.0]]


# Listeners


@pytest.mark.parametrize("name", ["load", "refresh"])
def test_a_class_whose_instances_change_as_they_load_is_for_instances(session: Session, name: str) -> None:
    def changed(instance: Any, *_: Any) -> None:
        instance.__dict__["rent"] = 99.0

    event.listen(Site, name, changed)
    try:
        assert read(session, Site, ID) is None
        assert read(session, Machine, ID_AND_RENT) is None
        assert read(session, Machine, ID) is not None
    finally:
        event.remove(Site, name, changed)
    assert read(session, Site, ID) is not None


def test_a_session_that_changes_instances_as_they_load_is_for_instances(session: Session) -> None:
    event.listen(session, "loaded_as_persistent", lambda *_: None)

    assert read(session, Machine, ID) is None


def test_a_listener_for_a_subclass_counts_for_its_base(session: Session) -> None:
    def changed(instance: Any, *_: Any) -> None: ...

    event.listen(rows.Engineer, "load", changed)
    try:
        assert read(session, rows.Person, ID) is None
    finally:
        event.remove(rows.Engineer, "load", changed)


def test_classes_that_rebuild_themselves_are_for_instances(session: Session) -> None:
    class OtherBase(DeclarativeBase): ...

    class Rebuilt(OtherBase):
        __tablename__ = "sites"
        site_key: Mapped[int] = mapped_column(primary_key=True)

        @reconstructor
        def rebuild(self) -> None:
            self.__dict__["site_key"] = -1

    class Tracked(OtherBase):
        __tablename__ = "everything"
        id: Mapped[int] = mapped_column(primary_key=True)
        document: Mapped[Any] = mapped_column(MutableDict.as_mutable(JSON()))

    class Watched(OtherBase):
        __tablename__ = "machines"
        id: Mapped[int] = mapped_column(primary_key=True)

        def __getattribute__(self, name: str) -> Any:
            return -1 if name == "id" else super().__getattribute__(name)

    assert read(session, Rebuilt, [("site_key",)]) is None
    assert read(session, Tracked, [("id",)]) is None
    assert read(session, Watched, [("id",)]) is None


def test_criteria_from_a_listener_hold(session: Session) -> None:
    def only_large(state: ORMExecuteState) -> None:
        state.statement = state.statement.options(
            with_loader_criteria(Machine, Machine.hours > 15),
            with_loader_criteria(Site, lambda cls: cls.rent > 15, include_aliases=True),
        )

    event.listen(session, "do_orm_execute", only_large)

    assert read(session, Machine, ID_AND_RENT) == [[2, 3, 4], [20.0, None, None]]
    assert_as_instances(session, Machine, paths_of(Machine, 1))


def test_criteria_from_a_listener_that_leave_aliases_out_are_for_instances(session: Session) -> None:
    def only_large(state: ORMExecuteState) -> None:
        state.statement = state.statement.options(with_loader_criteria(Site, Site.rent > 15))

    event.listen(session, "do_orm_execute", only_large)

    assert read(session, Machine, ID_AND_RENT) is None
    assert_as_instances(session, Machine, ID)


LISTENERS: dict[str, Callable[[Any], Any]] = {
    "join": lambda statement: statement.join(Site, Site.id == Machine.site_id),
    "distinct": lambda statement: statement.distinct(),
    "other columns": lambda statement: statement.with_only_columns(Machine.hours),
    "as many other columns": lambda statement: statement.with_only_columns(Machine.hours, Machine.x),
    "another table": lambda statement: statement.where(Site.id > 0),
    "limit": lambda statement: statement.limit(2),
}


@pytest.mark.parametrize("change", LISTENERS.values(), ids=LISTENERS)
def test_a_query_that_a_listener_changed_is_for_instances(session: Session, change: Callable[[Any], Any]) -> None:
    def changed(state: ORMExecuteState) -> None:
        state.statement = change(state.statement)

    event.listen(session, "do_orm_execute", changed)

    with pytest.warns(match="cartesian") if change is LISTENERS["another table"] else nullcontext():
        assert read(session, Machine, [("id",), ("x",)]) is None


def test_a_condition_that_a_listener_adds_holds(session: Session) -> None:
    def only_large(state: ORMExecuteState) -> None:
        state.statement = state.statement.where(Machine.hours > 15)

    event.listen(session, "do_orm_execute", only_large)

    assert read(session, Machine, ID_AND_RENT) == [[2, 3, 4], [20.0, None, None]]


def test_a_result_that_a_listener_made_is_for_instances(session: Session) -> None:
    kept = session.execute(select(Machine.id, Machine.x)).freeze()
    event.listen(session, "do_orm_execute", lambda state: kept())

    assert read(session, Machine, [("id",), ("x",)]) is None
