"""What holds for both kits: deviations, tests that are younger than a class, and what reports say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lumix_core.testing import RowAdapterConformance, SolverConformance
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import in_thread
from lumix_core.testing.versions import FIRST, since, since_of, version_parts
from tests.core.testing.kit_tests import RELEASED, misdated, versions_of_tests

MINE = '''
import pytest

from lumix_core.testing import RowAdapterConformance, SolverConformance
from lumix_core.testing.kit import Kit
from lumix_core.testing.limits import in_thread
from lumix_core.testing.rows.toy import ToyAdapter
from lumix_core.testing.rows.toy_world import ToyWorld
from lumix_core.testing.versions import since


class Grown(Kit, limited=in_thread):
    """What is new in a kit."""

    def test_old_and_wrong(self):
        assert 1 == 2, "one is not two"

    @since("0.2")
    def test_young_and_wrong(self):
        assert 1 == 2, "one is not two"

    @since("0.2")
    @pytest.mark.parametrize("number", [1, 2])
    def test_young_of_numbers(self, number):
        assert number != 2

    @since("0.2")
    def test_young_and_right(self):
        pass

    @since("0.2")
    def test_young_and_skipped(self):
        pytest.skip("there is no world")

    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.parametrize("letter", ["a", "b"])
    def test_stacked(self, letter, number):
        assert (letter, number) != ("b", 1)


class Solving(Grown, SolverConformance):
    @pytest.fixture
    def solver(self):
        raise NotImplementedError


class TestToday(Solving):
    """Knows of the one deviation of stacked parameters."""

    expected_failures = {"test_stacked[b-1]": "b goes with 2", "test_old_and_wrong": "it cannot count"}


class TestOfFirst(Solving):
    written_for = "0.1"


class TestOfSecond(Solving):
    written_for = "0.2.0"


class TestDeviatesToo(TestToday):
    """Inherits the deviations of its base, and adds one."""

    expected_failures = {"test_young_of_numbers[2]": "two is too many"}


class TestDeviates(Solving):
    """Names what passes, and parameters that are not there."""

    expected_failures = {
        "test_stacked[a-1]": "it passes",
        "test_stacked[1-b]": "the wrong way round",
        "test_young_and_right": "it passes too",
        "test_young_of_numbers[2": "not closed",
    }


class TestRows(RowAdapterConformance):
    expected_failures = {
        "test_a_row_that_is_changed_is_the_truth[pickle twice]": "there is no such copy",
        "test_a_row_that_is_changed_is_the_truth[deepcopy twice]": "the second copy has its row",
        "test_owns_mapped_classes_only": "the database is not there",
    }

    @pytest.fixture
    def adapter(self):
        return ToyAdapter()

    @pytest.fixture
    def world(self, request):
        if request.node.name == "test_owns_mapped_classes_only":
            raise OSError("there is no database")
        world = ToyWorld()
        yield world
        world.close()
'''
CHOSEN = "old_and_wrong or young or stacked or a_row_that_is_changed_is or owns_mapped or expected_failures_are_of"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run the tests above as an author would, without configuration; return the report and what pytest prints."""
    return ran(tmp_path_factory.mktemp("mine"), "-k", CHOSEN)


def ran(folder: Path, *words: str) -> tuple[dict[str, ElementTree.Element], str]:
    (folder / "test_mine.py").write_text(MINE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    cases = ElementTree.parse(folder / "report.xml").iter("testcase")
    return {f"{case.attrib['classname'].rpartition('.')[2]}.{case.attrib['name']}": case for case in cases}, done.stdout


def outcome(case: ElementTree.Element) -> tuple[str, str]:
    """Return "passed", "failed", "xfailed", "skipped" or "error", and the message."""
    for name in ("failure", "error", "skipped"):
        if (found := case.find(name)) is not None:
            kind = str(found.attrib.get("type", "")).removeprefix("pytest.")
            word = {"failure": "failed", "error": "error"}.get(name, {"xfail": "xfailed", "skip": "skipped"}.get(kind))
            return word or kind, f"{found.attrib['message']} {found.text}"
    return "passed", ""


@pytest.mark.parametrize(
    ("case", "expected", "message"),
    [
        ("TestToday.test_stacked[b-1]", "xfailed", "b goes with 2"),
        ("TestToday.test_stacked[a-1]", "passed", ""),
        ("TestToday.test_old_and_wrong", "xfailed", "it cannot count"),
        ("TestToday.test_young_and_wrong", "failed", "since lumix-core 0.2"),
        ("TestToday.test_expected_failures_are_of_parameters_that_there_are", "passed", ""),
        ("TestOfFirst.test_old_and_wrong", "failed", "since lumix-core 0.1"),
        ("TestOfFirst.test_stacked[b-1]", "failed", ""),
        ("TestOfFirst.test_young_and_wrong", "xfailed", "since lumix-core 0.2, and TestOfFirst was written for 0.1"),
        ("TestOfFirst.test_young_of_numbers[1]", "passed", ""),
        ("TestOfFirst.test_young_of_numbers[2]", "xfailed", "since lumix-core 0.2"),
        ("TestOfFirst.test_young_and_right", "passed", ""),
        ("TestOfFirst.test_young_and_skipped", "skipped", "there is no world"),
        ("TestOfSecond.test_young_and_wrong", "failed", "since lumix-core 0.2"),
        ("TestDeviatesToo.test_stacked[b-1]", "xfailed", "b goes with 2"),
        ("TestDeviatesToo.test_old_and_wrong", "xfailed", "it cannot count"),
        ("TestDeviatesToo.test_young_of_numbers[2]", "xfailed", "two is too many"),
        ("TestDeviates.test_stacked[a-1]", "failed", "it passes"),
        ("TestDeviates.test_stacked[b-1]", "failed", ""),
        ("TestDeviates.test_young_and_right", "failed", "it passes too"),
        (
            "TestDeviates.test_expected_failures_are_of_parameters_that_there_are",
            "failed",
            r"names 'test_stacked\[1-b\]', and 'test_stacked' has no such parameter.*There are 'test_stacked\[a-1\]', ",
        ),
        (
            "TestRows.test_expected_failures_are_of_parameters_that_there_are",
            "failed",
            r"names 'test_a_row_that_is_changed_is_the_truth\[pickle twice\]'.* 'test_a_row_that_is_changed_is_the_tr",
        ),
        ("TestRows.test_owns_mapped_classes_only", "xfailed", "the database is not there"),
        ("TestRows.test_a_row_that_is_changed_is_the_truth[deepcopy twice]", "failed", "the second copy has its row"),
        ("TestRows.test_a_row_that_is_changed_is_the_truth[pickle]", "passed", ""),
    ],
)
def test_what_becomes_of_a_test(report: Any, case: str, expected: str, message: str) -> None:
    cases, _ = report

    found, words = outcome(cases[case])

    assert found == expected
    assert re.search(message, words, re.DOTALL)


def test_a_younger_test_that_fails_is_warned_of(report: Any) -> None:
    _, text = report

    assert "LXNewTestWarning: test_young_and_wrong is in the kit since lumix-core 0.2" in text
    assert "written_for to '0.2'" in text
    assert "LXNewTestWarning: test_young_and_right" not in text


def test_reports_have_the_version_of_a_test(report: Any) -> None:
    cases, _ = report

    recorded = {
        name: [(one.attrib["name"], one.attrib["value"]) for one in case.iter("property")]
        for name, case in cases.items()
        if name in ("TestToday.test_young_and_right", "TestToday.test_stacked[a-1]")
    }

    assert recorded == {
        "TestToday.test_young_and_right": [("since", "0.2")],
        "TestToday.test_stacked[a-1]": [("since", "0.1")],
    }


def test_neither_warnings_as_errors_nor_a_choice_of_tests_make_one_fail(tmp_path: Path) -> None:
    chosen = (
        "TestOfFirst::test_young_and_wrong",
        "TestToday::test_expected_failures_are_of_parameters_that_there_are",
    )

    cases, _ = ran(tmp_path, "-W", "error", *(f"test_mine.py::{name}" for name in chosen))

    assert [outcome(case)[0] for case in cases.values()] == ["xfailed", "passed"]


@pytest.mark.parametrize("kit", [SolverConformance, RowAdapterConformance])
@pytest.mark.parametrize("name", ["test_speed", "test_speed[fast]", "limit"])
def test_a_deviation_of_no_test_is_refused(kit: type[Kit], name: str) -> None:
    with pytest.raises(TypeError, match=r"Mine\.expected_failures names .*, which is no test of the kit"):
        type("Mine", (kit,), {"expected_failures": {name: "it is slow"}})


@pytest.mark.parametrize("none", ["", "1", "0.1.0.1", "v0.1", 0.1])
def test_a_version_that_is_none_is_refused(none: Any) -> None:
    with pytest.raises(TypeError, match=r"Mine\.written_for got .*no version of lumix-core"):
        type("Mine", (SolverConformance,), {"written_for": none})
    with pytest.raises(TypeError, match=r"since\(\) got .*no version of lumix-core"):
        since(none)


def test_a_deviation_leaves_the_kit_as_it_was() -> None:
    kit: Any = type("Mine", (SolverConformance,), {"expected_failures": {"test_no_rows": "it cannot do without rows"}})

    assert [mark.name for mark in kit.test_no_rows.pytestmark] == ["parametrize", "xfail"]
    assert [mark.name for mark in SolverConformance.test_no_rows.pytestmark] == ["parametrize"]


def test_wrappers_of_a_test_keep_its_version() -> None:
    class Grown(Kit, limited=in_thread):
        @since("0.3")
        def test_new(self) -> None:
            """It is new."""

        def test_old(self) -> None:
            """It is not."""

    assert (since_of(Grown.test_new), since_of(Grown.test_old)) == ("0.3", FIRST)


def test_every_test_has_the_version_in_which_it_entered_the_kit() -> None:
    versions = versions_of_tests()
    today = version_parts(version("lumix-core"))

    assert {name for name, since in versions.items() if version_parts(since) > today} == set()
    assert misdated(versions, json.loads(RELEASED.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("dated", "fault"),
    [
        (
            "0.1",
            ["Kit.test_x is since 0.1, and 0.1.1 did not have it", "Kit.test_x is since 0.1, and 0.2 did not have it"],
        ),
        ("0.2", ["Kit.test_x is since 0.2, and 0.2 did not have it"]),
        ("0.3", []),
    ],
)
def test_a_test_that_goes_without_its_version_is_named(dated: str, fault: list[str]) -> None:
    versions = {"Kit.test_first": "0.1", "Kit.test_second": "0.2", "Kit.test_x": dated}
    released = {"0.1.1": ["Kit.test_first"], "0.2": ["Kit.test_first", "Kit.test_second"]}

    assert misdated(versions, released) == fault
    assert misdated({"Kit.test_first": "0.2"}, released) == ["Kit.test_first is since 0.2, and 0.1.1 had it"]
