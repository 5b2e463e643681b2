"""The tables: what the plan is made from, the plan, and the history of runs."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from lumix_django import RunFields

NOT_NEGATIVE = [MinValueValidator(0)]


class Product(models.Model):
    name = models.CharField(max_length=100, unique=True)
    profit_per_unit = models.FloatField()
    min_demand = models.FloatField(default=0, validators=NOT_NEGATIVE)
    max_demand = models.FloatField(validators=NOT_NEGATIVE)

    class Meta:
        db_table = "products"

    def __str__(self) -> str:
        return self.name


class Machine(models.Model):
    name = models.CharField(max_length=100, unique=True)
    available_hours = models.FloatField(validators=NOT_NEGATIVE)

    class Meta:
        db_table = "machines"

    def __str__(self) -> str:
        return self.name


class RawMaterial(models.Model):
    name = models.CharField(max_length=100, unique=True)
    available_quantity = models.FloatField(validators=NOT_NEGATIVE)
    cost_per_unit = models.FloatField(validators=NOT_NEGATIVE)

    class Meta:
        db_table = "raw_materials"

    def __str__(self) -> str:
        return self.name


class ProductionRecipe(models.Model):
    """The hours that one unit of a product takes on a machine."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="recipes")
    machine = models.ForeignKey(Machine, models.PROTECT, related_name="recipes")
    hours_required = models.FloatField(validators=NOT_NEGATIVE)

    class Meta:
        db_table = "production_recipes"
        constraints = (models.UniqueConstraint(fields=["product", "machine"], name="one_recipe_a_machine"),)

    def __str__(self) -> str:
        return f"{self.product} on {self.machine}"


class MaterialRequirement(models.Model):
    """The quantity of a material in one unit of a product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="requirements")
    material = models.ForeignKey(RawMaterial, models.PROTECT, related_name="requirements")
    quantity_required = models.FloatField(validators=NOT_NEGATIVE)

    class Meta:
        db_table = "material_requirements"
        constraints = (models.UniqueConstraint(fields=["product", "material"], name="one_requirement_a_material"),)

    def __str__(self) -> str:
        return f"{self.material} in {self.product}"


class ProductionSchedule(models.Model):
    """A result: how much of a product to make."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="schedule")
    quantity = models.FloatField()
    profit_contribution = models.FloatField()

    class Meta:
        db_table = "production_schedules"

    def __str__(self) -> str:
        return f"{self.quantity:,.2f} of {self.product}"


class ResourceUtilization(models.Model):
    """A result: how much of a machine or a material the plan uses."""

    class Kind(models.TextChoices):
        MACHINE = "machine"
        MATERIAL = "material"

    resource_type = models.CharField(max_length=20, choices=Kind.choices)
    resource_id = models.BigIntegerField()
    resource_name = models.CharField(max_length=100)
    used = models.FloatField()
    available = models.FloatField()
    utilization_pct = models.FloatField()

    class Meta:
        db_table = "resource_utilization"
        verbose_name_plural = "resource utilization"
        constraints = (
            models.UniqueConstraint(fields=["resource_type", "resource_id"], name="one_utilization_a_resource"),
        )

    def __str__(self) -> str:
        return f"{self.utilization_pct:.1f}% of {self.resource_name}"


class PlanRun(RunFields):
    """The history: every run, also one that found no plan."""

    class Meta:
        db_table = "plan_runs"
        get_latest_by = "finished_at"
        ordering = ("-finished_at",)

    def __str__(self) -> str:
        return f"{self.status}, {self.finished_at:%Y-%m-%d %H:%M} UTC"
