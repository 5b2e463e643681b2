"""What this distribution brings to LumiX; imports nothing of Django."""

from __future__ import annotations

from lumix_core.plugins import Register, hookimpl

lumix_seam = "1.0"


@hookimpl
def lumix_row_adapters(register: Register) -> None:
    """Register the adapter for Django's models."""
    register(
        "django",
        "lumix_django.adapter:DjangoAdapter",
        requires="django",
        install="pip install lumix-django",
    )
