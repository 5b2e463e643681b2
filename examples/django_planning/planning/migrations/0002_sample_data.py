"""The data of the example. Leave this migration out of a project of your own."""

from typing import Any

from django.db import migrations

PRODUCTS = {  # profit_per_unit, min_demand, max_demand
    "Chair": (45.0, 10, 100),
    "Table": (120.0, 5, 50),
    "Desk": (200.0, 3, 30),
}
MACHINES = {"Cutting Machine": 80.0, "Assembly Station": 100.0}
MATERIALS = {  # available_quantity, cost_per_unit
    "Wood (board feet)": (500.0, 5.0),
    "Metal (pounds)": (200.0, 8.0),
    "Fabric (yards)": (150.0, 12.0),
}
HOURS = {  # of one unit on each machine
    "Chair": {"Cutting Machine": 0.5, "Assembly Station": 1.0},
    "Table": {"Cutting Machine": 1.5, "Assembly Station": 2.5},
    "Desk": {"Cutting Machine": 2.0, "Assembly Station": 3.5},
}
QUANTITIES = {  # of each material in one unit
    "Chair": {"Wood (board feet)": 8.0, "Metal (pounds)": 2.0, "Fabric (yards)": 2.0},
    "Table": {"Wood (board feet)": 25.0, "Metal (pounds)": 5.0, "Fabric (yards)": 1.0},
    "Desk": {"Wood (board feet)": 35.0, "Metal (pounds)": 8.0},
}


def fill(apps: Any, schema_editor: Any) -> None:
    """Add what is missing of the data; what is there stays as it is."""

    def row(model: str, *values: float, **key: Any) -> Any:
        cls = apps.get_model("planning", model)
        names = [field.name for field in cls._meta.fields if field.name not in ("id", *key)]
        rows = cls.objects.using(schema_editor.connection.alias)
        return rows.get_or_create(**key, defaults=dict(zip(names, values, strict=True)))[0]

    products = {name: row("Product", *values, name=name) for name, values in PRODUCTS.items()}
    machines = {name: row("Machine", hours, name=name) for name, hours in MACHINES.items()}
    materials = {name: row("RawMaterial", *values, name=name) for name, values in MATERIALS.items()}
    for name, product in products.items():
        for machine, hours in HOURS[name].items():
            row("ProductionRecipe", hours, product=product, machine=machines[machine])
        for material, quantity in QUANTITIES[name].items():
            row("MaterialRequirement", quantity, product=product, material=materials[material])


class Migration(migrations.Migration):
    dependencies = [("planning", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
