"""What a planner sees: the data, which can be changed, and the plan, which only the command ``plan`` writes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.timezone import localtime

from planning.models import (
    Machine,
    MaterialRequirement,
    PlanRun,
    Product,
    ProductionRecipe,
    ProductionSchedule,
    RawMaterial,
    ResourceUtilization,
)

TOLERANCE = 1e-6  # numbers of a solver are not exact


class RecipeInline(admin.TabularInline):
    model = ProductionRecipe
    extra = 0


class RequirementInline(admin.TabularInline):
    model = MaterialRequirement
    extra = 0


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "profit_per_unit", "min_demand", "max_demand")
    search_fields = ("name",)
    inlines = (RecipeInline, RequirementInline)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """The product's line in the plan goes with it, although nobody may delete it by itself."""
        objects, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return objects, counts, forbidden - {ProductionSchedule._meta.verbose_name}, protected


@admin.register(Machine)
class MachineAdmin(admin.ModelAdmin):
    list_display = ("name", "available_hours")


@admin.register(RawMaterial)
class RawMaterialAdmin(admin.ModelAdmin):
    list_display = ("name", "available_quantity", "cost_per_unit")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows and changes none."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ResultAdmin(ReadOnlyAdmin):
    """Says above the rows which run they are of."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        headings = {"title": capfirst(self.opts.verbose_name_plural), "subtitle": plan_in_words()}
        return super().changelist_view(request, {**headings, **(extra_context or {})})


class DemandFilter(admin.SimpleListFilter):
    """Products of which no more is made than must be, and those of which no more can be sold."""

    title = "demand"
    parameter_name = "demand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("least", "At its least"), ("greatest", "At its greatest"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "least":
            return queryset.filter(quantity__lte=F("product__min_demand") + TOLERANCE)
        if self.value() == "greatest":
            return queryset.filter(quantity__gte=F("product__max_demand") - TOLERANCE)
        return queryset


@admin.register(ProductionSchedule)
class ProductionScheduleAdmin(ResultAdmin):
    list_display = ("product", "made", "demand", "profit")
    list_filter = (DemandFilter,)
    search_fields = ("product__name",)
    ordering = ("-profit_contribution",)

    @admin.display(ordering="quantity", description="quantity")
    def made(self, one: ProductionSchedule) -> str:
        return f"{one.quantity:,.2f}"

    @admin.display(description="demand")
    def demand(self, one: ProductionSchedule) -> str:
        return f"{one.product.min_demand:,.0f} to {one.product.max_demand:,.0f}"

    @admin.display(ordering="profit_contribution", description="profit")
    def profit(self, one: ProductionSchedule) -> str:
        return f"{one.profit_contribution:,.2f}"


class UsedUpFilter(admin.SimpleListFilter):
    """Machines and materials of which nothing is left are what limits the profit."""

    title = "used up"
    parameter_name = "used_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("yes", "Yes"), ("no", "No"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(utilization_pct__gte=100 - TOLERANCE)
        if self.value() == "no":
            return queryset.filter(utilization_pct__lt=100 - TOLERANCE)
        return queryset


@admin.register(ResourceUtilization)
class ResourceUtilizationAdmin(ResultAdmin):
    list_display = ("resource_name", "resource_type", "amount_used", "amount_available", "percent")
    list_filter = ("resource_type", UsedUpFilter)
    ordering = ("-utilization_pct",)

    @admin.display(ordering="used", description="used")
    def amount_used(self, one: ResourceUtilization) -> str:
        return f"{one.used:,.2f}"

    @admin.display(ordering="available", description="available")
    def amount_available(self, one: ResourceUtilization) -> str:
        return f"{one.available:,.2f}"

    @admin.display(ordering="utilization_pct", description="utilization")
    def percent(self, one: ResourceUtilization) -> str:
        return f"{one.utilization_pct:.1f}%"


@admin.register(PlanRun)
class PlanRunAdmin(ReadOnlyAdmin):
    list_display = ("finished_at", "status", "profit", "solver", "seconds")
    list_filter = ("status", "finished_at")

    @admin.display(ordering="objective", description="profit", empty_value="no plan")
    def profit(self, run: PlanRun) -> str | None:
        return None if run.objective is None else f"{run.objective:,.2f}"

    @admin.display(ordering="solve_time", description="seconds in the solver")
    def seconds(self, run: PlanRun) -> str | None:
        return None if run.solve_time is None else f"{run.solve_time:.3f}"


def plan_in_words() -> str:
    """Return which run the saved plan is of, and whether a later run found no plan."""
    planned = PlanRun.objects.filter(objective__isnull=False).order_by("finished_at").last()
    if planned is None:
        return "There is no plan yet. Run: python manage.py plan"
    plan = f"Plan of {time(planned)}: profit {planned.objective:,.2f}, {planned.status}"
    failed = PlanRun.objects.filter(finished_at__gt=planned.finished_at).order_by("finished_at").last()
    return plan if failed is None else f"{plan}. The run of {time(failed)} found none: {failed.status}"


def time(run: PlanRun) -> str:
    return f"{localtime(run.finished_at):%Y-%m-%d %H:%M %Z}"
