"""``manage.py lumix``, and the checks of the app, in a project of its own; no test here needs a database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import django
import pytest
from django.core.management import CommandError, call_command

from lumix_django.checks import check_installation
from lumix_django.management.commands.lumix import Command, without_settings

MANAGE = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line

DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
settings.configure(DATABASES={"default": DATABASE}, INSTALLED_APPS=["django.contrib.contenttypes", "lumix_django"])
execute_from_command_line(sys.argv)
"""
PLAN = """
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from lumix import LXLinearExpression, LXModel, LXVariable

def build():
    call_command("migrate", verbosity=0)
    on = LXVariable[ContentType, float]("on").bounds(lower=0, upper=1).from_model(ContentType)
    return LXModel("plan").add_variable(on).maximize(LXLinearExpression().add_term(on))
"""


def test_a_model_over_the_projects_rows_is_solved(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "plan.py").write_text(PLAN)

    done = subprocess.run(
        [sys.executable, "manage.py", "lumix", "solve", "plan:build"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Model 'plan': optimal" in done.stdout


def test_words_that_choose_the_settings_are_djangos() -> None:
    words = ["sweep", "plan", "--settings", "shop.settings", "--pythonpath=.", "--scale", "wood=2", "--json"]

    assert without_settings(words) == ["sweep", "plan", "--scale", "wood=2", "--json"]


def test_help_is_that_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        Command().print_help("manage.py", "lumix")

    assert caught.value.code == 0
    assert "solve scenarios of a model, and compare them" in capsys.readouterr().out


def test_a_command_that_fails_is_an_error_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as caught:
        call_command(Command(), "solve", "no_such_plan")

    assert caught.value.returncode == 2
    assert "no_such_plan" in capsys.readouterr().err


def test_a_good_installation_passes_the_checks() -> None:
    assert check_installation() == []


def test_what_keeps_models_from_being_built_or_solved_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumix_django.checks.listing", lambda: ([], None))
    monkeypatch.setattr(django, "VERSION", (7, 0, 0, "final", 0))

    assert [message.id for message in check_installation()] == ["lumix.W001", "lumix.E002", "lumix.W003"]
