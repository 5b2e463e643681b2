"""Settings of all tests, and what a run says at its end of the services that it needed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from scale import IS_THOROUGH, PROFILE, examples

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

# The same examples at each run, unless new ones are asked for: what passed for one change passes for the next.
settings.register_profile(
    PROFILE, deadline=None, max_examples=examples(500), suppress_health_check=SLOW, derandomize=not IS_THOROUGH
)
settings.load_profile(PROFILE)

SEEN = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> dict[str, str]:
    """What became of each service that a test asked for, such as a database; said at the end of the run."""
    return request.config.stash[SEEN]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEEN] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked with ``thorough``, and servers of ``one_database``, unless the run is thorough."""
    left_out = [] if IS_THOROUGH else [item for item in items if _is_on_a_server(item) or _takes_long(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _takes_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("thorough") is not None


def _is_on_a_server(item: pytest.Item) -> bool:
    parameters = item.name.partition("[")[2].rstrip("]").split("-")
    return item.get_closest_marker("one_database") is not None and not {"postgresql", "mariadb"}.isdisjoint(parameters)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what this process saw to the one that distributes the tests, if there is one."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["services"] = session.config.stash[SEEN]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[SEEN].update(getattr(node, "workeroutput", {}).get("services", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, outcome in sorted(config.stash[SEEN].items()):
        terminalreporter.write_line(f"{name}: {outcome}")
