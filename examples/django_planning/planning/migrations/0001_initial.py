"""The tables."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Machine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("available_hours", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
            ],
            options={
                "db_table": "machines",
            },
        ),
        migrations.CreateModel(
            name="PlanRun",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("model", models.CharField(max_length=255)),
                ("solver", models.CharField(blank=True, max_length=64, null=True)),
                ("status", models.CharField(max_length=32)),
                ("limit", models.CharField(blank=True, max_length=32, null=True)),
                ("objective", models.FloatField(blank=True, null=True)),
                ("best_bound", models.FloatField(blank=True, null=True)),
                ("gap", models.FloatField(blank=True, null=True)),
                ("solve_time", models.FloatField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "plan_runs",
                "ordering": ("-finished_at",),
                "get_latest_by": "finished_at",
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("profit_per_unit", models.FloatField()),
                ("min_demand", models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0)])),
                ("max_demand", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
            ],
            options={
                "db_table": "products",
            },
        ),
        migrations.CreateModel(
            name="RawMaterial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("available_quantity", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
                ("cost_per_unit", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
            ],
            options={
                "db_table": "raw_materials",
            },
        ),
        migrations.CreateModel(
            name="ProductionSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.FloatField()),
                ("profit_contribution", models.FloatField()),
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="schedule", to="planning.product"
                    ),
                ),
            ],
            options={
                "db_table": "production_schedules",
            },
        ),
        migrations.CreateModel(
            name="ResourceUtilization",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "resource_type",
                    models.CharField(choices=[("machine", "Machine"), ("material", "Material")], max_length=20),
                ),
                ("resource_id", models.BigIntegerField()),
                ("resource_name", models.CharField(max_length=100)),
                ("used", models.FloatField()),
                ("available", models.FloatField()),
                ("utilization_pct", models.FloatField()),
            ],
            options={
                "verbose_name_plural": "resource utilization",
                "db_table": "resource_utilization",
                "constraints": [
                    models.UniqueConstraint(fields=("resource_type", "resource_id"), name="one_utilization_a_resource")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductionRecipe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hours_required", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
                (
                    "machine",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="planning.machine"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recipes", to="planning.product"
                    ),
                ),
            ],
            options={
                "db_table": "production_recipes",
                "constraints": [models.UniqueConstraint(fields=("product", "machine"), name="one_recipe_a_machine")],
            },
        ),
        migrations.CreateModel(
            name="MaterialRequirement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity_required", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="requirements", to="planning.product"
                    ),
                ),
                (
                    "material",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requirements",
                        to="planning.rawmaterial",
                    ),
                ),
            ],
            options={
                "db_table": "material_requirements",
                "constraints": [
                    models.UniqueConstraint(fields=("product", "material"), name="one_requirement_a_material")
                ],
            },
        ),
    ]
