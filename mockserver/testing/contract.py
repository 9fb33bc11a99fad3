"""A class of tests that judges a client: one test for each scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..scenario.library import Library

if TYPE_CHECKING:
    from ..checking.callables import Flow, Transport
    from ..judge.rules.rule import Level
    from ..judge.verdict import Terms, UrlOrder

__all__ = ["VIOLATED", "ClientContract"]

# The property of a failed test that names a rule that its client broke: "must deliver".
VIOLATED = "video-mockserver: violated"


class ClientContract:
    """A class to inherit from: one test for each scenario, which fails with the rule that the client broke.

        class TestMyClient(ClientContract):
            def client(self, base_url, api_key, task_id):
                return my_client.fetch(base_url, api_key, task_id)

    `client` may be a coroutine function; it returns the clip as bytes, and any Exception reports a failure. The
    attributes are the options of `check`; what is None is read from `[tool.video-mockserver]` of the pyproject.toml
    beside pytest's configuration. `task_id` is None with the flow `"create"`.
    """

    scenarios: str | list[str] = "*"
    transport: Transport = "server"
    flow: Flow = "poll"
    seed = 0
    timeout = 40.0
    level: Level | None = None
    url_order: UrlOrder | None = None
    levels: Mapping[str, Level] | None = None
    ignore: Mapping[str, str] | None = None

    def client(self, base_url: str, api_key: str, task_id: str | None) -> Any:
        """The client to judge."""
        raise NotImplementedError("say how your client gets a clip: def client(self, base_url, api_key, task_id)")

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """One test for each scenario that can be judged."""
        if "video_case" in metafunc.fixturenames:
            from ..checking.callables import check_flow_and_transport
            from ..judge.expectation import chosen, judgeable
            from ..scenario.sources import UnknownScenario

            try:
                check_flow_and_transport(self.flow, self.transport)
                library, terms = self._library_and_terms(metafunc.config)
                cases, _ = judgeable(chosen(library, self.scenarios), self.flow, terms)
            except (ValueError, UnknownScenario, NotADirectoryError) as error:
                message = f"{type(self).__name__}: {error}"
            else:
                names = [scenario.name for scenario, _ in cases]
                metafunc.parametrize("video_case", names, ids=names)
                return
            import pytest

            raise pytest.Collector.CollectError(message)  # out here, so that it is shown alone

    def test_contract(self, video_case: str, pytestconfig: Any, record_property: Callable[[str, object], None]) -> None:
        """The client keeps the contract in this scenario."""
        library, terms = self._library_and_terms(pytestconfig)
        from ..checking.callables import check

        report = check(
            self.client,
            scenarios=library.find(video_case),
            library=library,
            transport=self.transport,
            flow=self.flow,
            seed=self.seed,
            timeout=self.timeout,
            terms=terms,
        )
        if report.ok:
            return
        from ..judge.reports.terminal import case_lines

        [verdict] = report.verdicts
        for violation in verdict.violations:
            record_property(VIOLATED, f"{violation.level} {violation.rule.id}")
        first = next((f"{broken.rule.id}: {broken.message}" for broken in verdict.violations), "it could not be judged")
        more = f" (and {len(verdict.violations) - 1} more)" if len(verdict.violations) > 1 else ""
        # What pytest shows of a failure in one line is the first.
        data = report.to_data()
        import pytest

        pytest.fail("\n".join([f"{first}{more}", "", *case_lines(data["cases"][0], data)]), pytrace=False)

    def _library_and_terms(self, pytest_config: Any) -> tuple[Library, Terms]:
        from ..checking.config import Config, read_config

        path = pytest_config.rootpath / "pyproject.toml"
        config = read_config(path) if path.is_file() else Config()
        config = replace(
            config,
            level=self.level or config.level,
            url_order=self.url_order or config.url_order,
            levels=config.levels if self.levels is None else self.levels,
            ignore=config.ignore if self.ignore is None else self.ignore,
        )
        return Library([*pytest_config.getini("video_scenario_dirs"), *config.scenario_dirs]), config.terms
