"""The process that answers for copies, with the models of the tests and no database."""

from __future__ import annotations

from importlib import import_module

import django
from django.conf import settings

if __name__ == "__main__":
    settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "warehouse"])
    django.setup()
    import_module("copies").answer_all()
