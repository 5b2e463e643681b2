"""Settings for trying the project on one's own machine: debugging is on, and the secret key is known to all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
ENGINES = {"sqlite": "django.db.backends.sqlite3", "postgresql": "django.db.backends.postgresql"}
# A plan is of one moment, whatever others change while it is made; 3 is psycopg's REPEATABLE READ.
OPTIONS = {"sqlite": {}, "postgresql": {"isolation_level": 3}}


def database(url: str) -> dict[str, Any]:
    """Return the settings of a database: ``sqlite:///file.db``, or ``postgresql://user:password@host:port/name``."""
    parts = urlsplit(url)
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in ENGINES or not name:
        raise ImproperlyConfigured(
            f"DATABASE_URL={url!r} names no database that this project knows. Write sqlite:///file.db or "
            f"postgresql://user:password@host:port/name."
        )
    position = {"HOST": parts.hostname or "", "PORT": str(parts.port or "")}
    person = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
    return {"ENGINE": ENGINES[parts.scheme], "NAME": name, "OPTIONS": OPTIONS[parts.scheme], **position, **person}


DATABASES = {"default": database(os.environ.get("DATABASE_URL", f"sqlite:///{BASE_DIR / 'planning.db'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = "django-insecure-for-trying-it-on-your-own-machine"
DEBUG = True
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    "planning",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "workshop.urls"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "UTC"
