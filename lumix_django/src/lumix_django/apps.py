"""The app ``lumix_django``: with it in INSTALLED_APPS there are ``manage.py lumix`` and checks of the set-up."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register

from lumix_django.checks import check_installation


class LumixConfig(AppConfig):  # type: ignore[misc]  # Django is not typed
    """Has no models."""

    name = "lumix_django"
    verbose_name = "LumiX"

    def ready(self) -> None:
        """Register the checks, under the tag ``lumix``."""
        register(check_installation, "lumix")
