"""The models of the tests."""

from __future__ import annotations

from abc import ABC, ABCMeta, abstractmethod
from datetime import date
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.db import models
from django.utils.functional import cached_property


class Category(models.Model):
    id = models.IntegerField(primary_key=True)
    markup = models.FloatField()


class Product(models.Model):
    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=40)
    price = models.FloatField(null=True)
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")


class Part(models.Model):
    id = models.IntegerField(primary_key=True)
    weight = models.FloatField()
    product = models.ForeignKey(Product, models.CASCADE, related_name="parts")

    class Meta:
        ordering = ("id",)


class Euro:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Euro) and other.cents == self.cents

    __hash__ = None  # type: ignore[assignment]


class EuroField(models.IntegerField):
    """Reads NULL as no euros at all, not as None."""

    def from_db_value(self, value: int | None, *_: Any) -> Euro:
        return Euro(value or 0)

    def get_prep_value(self, value: Any) -> Any:
        return value.cents if isinstance(value, Euro) else value


class Colour(models.TextChoices):
    RED = "r"
    BLUE = "b"


class Everything(models.Model):
    """One attribute of every type."""

    big = models.BigIntegerField(null=True)
    single = models.FloatField(null=True)
    exact = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    text = models.TextField(null=True)
    colour = models.CharField(max_length=1, choices=Colour.choices, null=True)
    flag = models.BooleanField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    span = models.DurationField(null=True)
    document = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    uuid = models.UUIDField(null=True)
    price = EuroField(null=True)
    file = models.FileField(null=True)


class Named(models.Model):
    """An abstract base."""

    name = models.CharField(max_length=20)

    class Meta:
        abstract = True


class Tag(Named):
    pass


class Site(models.Model):
    """A key of text, and a number that others refer to."""

    code = models.CharField(max_length=10, primary_key=True)
    number = models.IntegerField(unique=True)
    rent = models.FloatField(null=True)
    price = EuroField(null=True)
    head = models.ForeignKey("self", models.CASCADE, null=True)


class Note(models.Model):
    content_type = models.ForeignKey("contenttypes.ContentType", models.CASCADE, related_name="+")
    object_id = models.PositiveIntegerField()
    about = GenericForeignKey()
    weight = models.FloatField()


class Machine(models.Model):
    RATE = 2.0
    hours = models.FloatField()
    manual = models.TextField(default="")
    built = models.DateField(default=date(2024, 2, 29))
    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="machines")
    spare = models.ForeignKey(
        Site, models.CASCADE, null=True, to_field="number", db_column="spare_no", related_name="+"
    )
    loose = models.ForeignKey(Site, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    tags = models.ManyToManyField(Tag)
    notes = GenericRelation(Note)

    @property
    def value(self) -> float:
        return self.hours * self.RATE

    @cached_property
    def doubled(self) -> float:
        return 2 * self.hours

    def rate(self, factor: float) -> float:
        return factor * self.hours

    def is_new(self) -> bool:
        return bool(self._state.adding)

    def again(self) -> Any:
        return type(self).objects.get(pk=self.pk)


class LongRunning(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(hours__gte=25)


class LongMachine(Machine):
    """A proxy, whose default manager leaves rows out."""

    objects = LongRunning()

    class Meta:
        proxy = True


class Badge(models.Model):
    """One a machine, by whose key it is known."""

    machine = models.OneToOneField(Machine, models.CASCADE, primary_key=True, related_name="badge")
    code = models.CharField(max_length=10)


class Person(Named):
    """Has an order of its own, which does not tell all apart."""

    class Meta:
        ordering = ("name",)


class Engineer(Person):
    """A model in two tables."""

    rate = models.FloatField()
    boss = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")


class Seen(models.Manager):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(seen=True)


class Target(models.Model):
    """A model whose base manager hides rows from those that refer to it."""

    seen = models.BooleanField()
    weight = models.FloatField()
    objects = Seen()

    class Meta:
        base_manager_name = "objects"


class Arrow(models.Model):
    target = models.ForeignKey(Target, models.CASCADE, null=True, related_name="+")


class Made(models.Model):
    """Changed as it is read."""

    price = models.FloatField()

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **options: Any) -> Any:
        made = super().from_db(db, field_names, values, **options)
        made.price += 100
        return made


class Begun(models.Model):
    """Changed as it is made."""

    price = models.FloatField()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.price += 100


class Price(models.Model):
    """Has only columns."""

    price = models.FloatField()
    weight = models.FloatField(null=True)
    RATE = 2.0

    @property
    def net(self) -> float:
        return self.price * self.RATE - 1.0


class Setting(models.Model):
    """Has a column of values that can be changed."""

    values = models.JSONField(default=dict)


class Group(models.Model):
    rate = models.FloatField(db_column="hourly_rate")


class Item(models.Model):
    price = models.FloatField()
    weight = models.FloatField()
    group = models.ForeignKey(Group, models.CASCADE, null=True, related_name="items")
    next = models.ForeignKey("self", models.CASCADE, null=True, related_name="before")

    @property
    def value(self) -> float:
        return self.price + (0.0 if self.group is None else self.group.rate)


class Counter(models.Model):
    """Refers to items, at most one to each."""

    item = models.OneToOneField(Item, models.CASCADE, related_name="counter")
    count = models.IntegerField()


class Costly(ABC):
    @abstractmethod
    def cost(self) -> float: ...


class AbstractModel(type(models.Model), ABCMeta):  # type: ignore[misc]
    """The class of models that have abstract methods."""


class Guarded(models.Model, Costly, metaclass=AbstractModel):
    price = models.FloatField()

    def cost(self) -> float:
        return 2 * self.price
