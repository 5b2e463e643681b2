"""What is registered; imports no Peewee."""

from lumix_core.plugins import Register, hookimpl

lumix_seam = "1.0"


@hookimpl
def lumix_row_adapters(register: Register) -> None:
    """Register the adapter; it is imported where Peewee is."""
    register("peewee", "lumix_peewee.adapter:PeeweeAdapter", requires="peewee", install="pip install lumix-peewee")
