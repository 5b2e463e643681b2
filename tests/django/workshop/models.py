"""The models that are written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.db import models
from django.db.models.functions import Now

from lumix_django.runs import RunFields


class Good(models.Model):
    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=20)
    stock = models.IntegerField(default=0)


class Schedule(models.Model):
    product = models.OneToOneField(Good, models.CASCADE, db_column="product", related_name="+")
    quantity = models.FloatField()
    note = models.CharField(max_length=10, null=True)


class CurrentSchedule(Schedule):
    """A proxy."""

    class Meta:
        proxy = True


class Batch(models.Model):
    """Keeps its schedule from being deleted."""

    schedule = models.ForeignKey(Schedule, models.PROTECT, related_name="batches")
    number = models.IntegerField()

    class Meta:
        unique_together = ("schedule", "number")


class Report(models.Model):
    """Goes with its schedule, by Django's hand only."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="reports")


class Link(models.Model):
    """Loses its schedule."""

    schedule = models.ForeignKey(Schedule, models.SET_NULL, null=True, related_name="+")


class Loose(models.Model):
    """May refer to what is not there."""

    schedule = models.ForeignKey(Schedule, models.DO_NOTHING, db_constraint=False, related_name="+")


class Label(models.Model):
    """Leads to any row."""

    content_type = models.ForeignKey("contenttypes.ContentType", models.CASCADE, related_name="+")
    object_id = models.PositiveIntegerField()
    about = GenericForeignKey()


class Stock(models.Model):
    plant_id = models.IntegerField()
    product_id = models.IntegerField()
    quantity = models.FloatField()
    labels = GenericRelation(Label)
    skills = models.ManyToManyField("Skill")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("plant_id", "product_id"), name="one_stock"),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="no_debts"),
        )


class Skill(models.Model):
    name = models.CharField(max_length=20)


class Task(models.Model):
    id = models.IntegerField(primary_key=True)
    project = models.IntegerField(default=1)
    after = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")


class PlanRun(RunFields):
    comment = models.CharField(max_length=40, null=True)


class OwnRun(models.Model):
    """A history that was there before, with some of the fields and a key of its own."""

    run = models.UUIDField(unique=True)
    status = models.CharField(max_length=32)
    objective = models.FloatField(null=True)
    finished_at = models.DateTimeField(auto_now_add=True)
    written_at = models.DateTimeField(auto_now=True)


class PlanLine(models.Model):
    run = models.ForeignKey(PlanRun, models.CASCADE, related_name="lines")
    product_id = models.IntegerField()
    quantity = models.FloatField()


class ScenarioRun(RunFields):
    sweep = models.CharField(max_length=32, db_index=True)
    scenario = models.CharField(max_length=40)
    description = models.CharField(max_length=40, null=True)
    changes = models.TextField()
    error = models.CharField(max_length=200, null=True)
    delta_objective = models.FloatField(null=True)
    comment = models.CharField(max_length=40, null=True)


class ScenarioLine(models.Model):
    run = models.ForeignKey(ScenarioRun, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Good, models.PROTECT, related_name="+")
    quantity = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("run", "product"), name="one_line"),
            models.CheckConstraint(condition=models.Q(quantity__lt=1000), name="no_wonders"),
        )


class Colour(models.TextChoices):
    RED = "r"
    BLUE = "b"


class Cents(models.IntegerField):
    """Money of which cents are stored."""

    def from_db_value(self, value: int | None, *_: Any) -> float | None:
        return None if value is None else value / 100

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else round(value * 100)


class Shouted(models.CharField):  # type: ignore[type-arg]
    """Changes its value as an instance is saved."""

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        return super().pre_save(model_instance, add).upper()


def serial() -> str:
    return uuid4().hex


class Sheet(models.Model):
    """A field of every type, and every way to fill one in."""

    key = models.CharField(max_length=32, primary_key=True, default=serial)
    big = models.BigIntegerField(null=True)
    number = models.FloatField(null=True, db_column="the number")
    money = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    truth = models.BooleanField(null=True)
    words = models.TextField(null=True)
    colour = models.CharField(max_length=1, choices=Colour.choices, null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    span = models.DurationField(null=True)
    uid = models.UUIDField(null=True)
    document = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    file = models.FileField(null=True)
    price = Cents(null=True)
    constant = models.IntegerField(default=7)
    counted = models.IntegerField(db_default=8)
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)


class Loud(models.Model):
    """Can be stored by Django's own statements only."""

    name = Shouted(max_length=20)
    at = models.DateTimeField(null=True)
    raw = models.BinaryField(null=True)


class Doubled(models.Model):
    number = models.IntegerField()
    twice = models.GeneratedField(
        expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True
    )


class Cell(models.Model):
    """A key of two parts."""

    pk = models.CompositePrimaryKey("row", "column")
    row = models.IntegerField()
    column = models.IntegerField()
    value = models.FloatField()


class Shift(models.Model):
    """A key of two parts, named in another order than the fields, and values that the database stores otherwise."""

    pk = models.CompositePrimaryKey("site", "day")
    day = models.DateField()
    site = models.CharField(max_length=10)
    is_open = models.BooleanField()
    cost = models.DecimalField(max_digits=8, decimal_places=2, null=True)


class Vehicle(models.Model):
    name = models.CharField(max_length=20)


class Truck(Vehicle):
    """A model in two tables."""

    load = models.FloatField()


class Legacy(models.Model):
    """A table that Django does not make."""

    number = models.IntegerField(primary_key=True, db_column="nr")
    amount = models.FloatField()

    class Meta:
        managed = False
        db_table = "legacy plans"


class Stamped(models.Model):
    at = models.DateTimeField(db_default=Now())
    number = models.IntegerField()


class Here(models.Model):
    stock = models.IntegerField()


class There(models.Model):
    stock = models.IntegerField()


class Tenancy:
    """The tenant of the request that is answered."""

    now = 1


class Rows(models.QuerySet):  # type: ignore[type-arg]
    """A queryset that a manager may be made of."""

    def of_tenant(self) -> Any:
        return self.filter(tenant=Tenancy.now)


class Marking(models.QuerySet):  # type: ignore[type-arg]
    """Marks rows in place of deleting them."""

    def delete(self) -> Any:
        return self.update(hidden=True)


class InPython(models.QuerySet):  # type: ignore[type-arg]
    """Leaves rows out once they are read."""

    def _fetch_all(self) -> None:
        super()._fetch_all()
        self._result_cache = [row for row in self._result_cache if getattr(row, "tenant", 1) == Tenancy.now]


class Lot(models.Model):
    """Its default manager is another one in each test."""

    id = models.IntegerField(primary_key=True)
    tenant = models.IntegerField(default=1)
    plant = models.CharField(max_length=20, default="north")
    hidden = models.BooleanField(default=False)
    owner = models.ForeignKey("Owner", models.PROTECT, null=True, related_name="lots")
    objects = models.Manager()

    class Meta:
        base_manager_name = "objects"


class Owner(models.Model):
    id = models.IntegerField(primary_key=True)
    tenant = models.IntegerField(default=1)


class Hour(models.Model):
    at = models.DateTimeField(unique=True)
    kwh = models.FloatField()


class Place(models.Model):
    """Texts that a database may take for equal."""

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=20, null=True)
    long = models.TextField(null=True)
    code = models.SlugField(max_length=20, null=True)


class PlaceLine(models.Model):
    place = models.ForeignKey(Place, models.PROTECT, null=True)
    after = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")
    label = models.CharField(max_length=20)


class AnyCase(models.CharField):  # type: ignore[type-arg]
    """A text of any case, also on SQLite."""

    def db_parameters(self, connection: Any) -> Any:
        collation = {"collation": "NOCASE"} if connection.vendor == "sqlite" else {}
        return {**super().db_parameters(connection), **collation}


class Depot(models.Model):
    code = AnyCase(max_length=9, primary_key=True)
    name = AnyCase(max_length=9, unique=True)
    rate = models.FloatField()


class Crate(models.Model):
    id = models.IntegerField(primary_key=True)
    depot = models.ForeignKey(Depot, models.CASCADE, null=True)
    named = models.ForeignKey(Depot, models.CASCADE, null=True, to_field="name", related_name="crates_by_name")
    stops = models.ManyToManyField(Depot, related_name="visits")
