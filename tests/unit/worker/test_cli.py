"""The `depeche-worker` command: one clear line where something is wrong, and what each command looks at."""

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.contract.errors import StoreUnavailable
from worker import cli
from worker.engine import ModelError, registry
from worker.engine.interface import Role
from worker.engine.registry import ModelSource
from worker.settings import Settings


class ScriptedStore:
    """A ledger that answers, or does not, and has seen some workers."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.seen: list[dict[str, Any]] = []

    def __call__(self, redis: object, **_: object) -> "ScriptedStore":
        """Stands in for the class too."""
        return self

    def depth(self) -> int:
        if self.reason:
            raise StoreUnavailable(self.reason)
        return 0

    def workers(self) -> list[dict[str, Any]]:
        return self.seen


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ScriptedStore:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DEPECHE_{name.upper()}", raising=False)
    monkeypatch.setenv("DEPECHE_ENGINE", "fake")
    store = ScriptedStore()
    monkeypatch.setattr(cli, "LeaseStore", store)
    return store


@pytest.fixture
def call(store: ScriptedStore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command without touching how this process logs."""
    monkeypatch.setattr(cli, "configure_logs", lambda level, style: None)
    return lambda *arguments: CliRunner().invoke(cli.main, arguments)


def test_run_hands_its_options_over_and_returns_the_worker_s_status(
    call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Settings] = []

    class Service:
        def __init__(self, settings: Settings) -> None:
            started.append(settings)

        def run(self) -> int:
            return 70

    monkeypatch.setattr("worker.app.WorkerService", Service)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setenv("DEPECHE_CONCURRENCY", "9")
    answer = call("run", "--translator", "opus", "--device", "cpu", "--precision", "float32")
    assert answer.exit_code == 70
    (settings,) = started
    assert (settings.translator, settings.device, settings.precision) == ("opus", "cpu", "float32")
    assert settings.concurrency == 9


@pytest.mark.parametrize("command", [["run"], ["doctor"], ["doctor", "--alive"]])
def test_a_redis_that_does_not_answer_is_one_line_without_its_password(
    call: Callable[..., Result], store: ScriptedStore, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    store.reason = "can't be reached"
    monkeypatch.setenv("DEPECHE_REDIS_URL", "redis://:hunter2@nowhere:1/0")
    answer = call(*command)
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: Redis can't be reached at redis://:***@nowhere:1/0. Start it, or set DEPECHE_REDIS_URL.\n"
    )


@pytest.mark.parametrize("url", ["nonsense", "http://redis", "redis://host:port"])
def test_an_address_that_is_none_is_one_line(
    call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DEPECHE_REDIS_URL", url)
    answer = call("run")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: DEPECHE_REDIS_URL can't be read")


@pytest.mark.parametrize("command", [["run"], ["doctor"], ["models", "list"], ["models", "fetch"]])
def test_a_wrong_setting_is_one_line(
    call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("DEPECHE_BEAMS", "0")
    answer = call(*command)
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: DEPECHE_BEAMS: ")
    assert answer.stderr.count("\n") == 1


class TestDoctor:
    def test_alive_wants_a_worker_of_this_very_machine(self, call: Callable[..., Result], store: ScriptedStore) -> None:
        store.seen = [{"id": "w", "host": "elsewhere"}]
        assert call("doctor", "--alive").exit_code == 1
        store.seen.append({"id": "v", "host": socket.gethostname()})
        answer = call("doctor", "--alive")
        assert (answer.exit_code, answer.output) == (0, "")

    def test_proves_the_models(self, call: Callable[..., Result], store: ScriptedStore) -> None:
        store.seen = [{"id": "w", "host": "elsewhere"}]
        answer = call("doctor")
        assert answer.exit_code == 0
        assert "1 seen in the last 30 s, 0 of them here" in answer.output
        assert "fake-translator" in answer.output
        assert "proved" in answer.output

    def test_says_which_model_can_not_be_used(
        self, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def build_engine(options: object) -> None:
            raise ModelError("bundled: there is no folder here")

        monkeypatch.setattr("worker.engine.build_engine", build_engine)
        answer = call("doctor")
        assert answer.exit_code == 1
        assert answer.stderr == "Error: models: bundled: there is no folder here\n"


class TestModels:
    def test_list_says_where_they_are(
        self, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("DEPECHE_TRANSLATOR", str(tmp_path))
        monkeypatch.setenv("DEPECHE_SUMMARIZER", str(tmp_path / "missing"))
        answer = call("models", "list")
        assert answer.exit_code == 0
        translator, summarizer = answer.output.splitlines()
        assert translator.split()[0] == "translator"
        assert translator.endswith(f"folder {tmp_path}  licence unknown")
        assert summarizer.endswith("(missing)  licence unknown")

    @pytest.mark.parametrize("command", ["list", "fetch"])
    @pytest.mark.parametrize(
        ("licence", "said"),
        [("apache-2.0", "licence apache-2.0"), ("cc-by-nc-4.0", "licence cc-by-nc-4.0: NOT FOR COMMERCIAL USE")],
    )
    def test_the_licence_is_shown(
        self,
        call: Callable[..., Result],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        command: str,
        licence: str,
        said: str,
    ) -> None:
        (tmp_path / "README.md").write_text(f"---\nlicense: {licence}\n---\n")
        monkeypatch.setenv("DEPECHE_TRANSLATOR", str(tmp_path))
        assert call("models", command).output.endswith(f"  {said}\n")

    @pytest.mark.parametrize("command", ["list", "fetch"])
    def test_a_name_that_can_not_be_meant_is_one_line(
        self, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        monkeypatch.setenv("DEPECHE_TRANSLATOR", "a model that I like")
        answer = call("models", command)
        assert answer.exit_code == 1
        assert answer.stderr.startswith("Error: translator: 'a model that I like' is neither a folder nor a hub id")

    def test_fetch_fetches_each_at_its_revision(
        self, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        asked: list[tuple[str | None, str | None, Role]] = []

        def fetch(source: ModelSource, role: Role) -> Path:
            asked.append((source.hub_id, source.revision, role))
            return tmp_path

        monkeypatch.setattr(registry, "fetch", fetch)
        monkeypatch.setenv("DEPECHE_TRANSLATOR", "someone/something")
        monkeypatch.setenv("DEPECHE_TRANSLATOR_REVISION", "abc")
        answer = call("models", "fetch")
        assert answer.exit_code == 0
        assert asked == [("someone/something", "abc", Role.TRANSLATOR)]
        assert str(tmp_path) in answer.output

    @pytest.mark.parametrize("command", ["list", "fetch"])
    def test_the_bundled_summaries_are_no_model(
        self, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        monkeypatch.setenv("DEPECHE_SUMMARIZER", "bundled")
        answer = call("models", command)
        assert answer.exit_code == 0
        translator, summarizer = answer.output.splitlines()
        assert str(registry.BUNDLED) in translator
        assert summarizer == "summarizer  bundled  extractive: no model"

    @pytest.mark.parametrize("command", [["models", "list"], ["models", "fetch"], ["doctor"]])
    def test_a_translator_is_no_summarizer(
        self, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: list[str]
    ) -> None:
        monkeypatch.setenv("DEPECHE_SUMMARIZER", "opus")
        answer = call(*command)
        assert answer.exit_code == 1
        assert answer.stderr.count("\n") == 1
        assert (
            "Helsinki-NLP/opus-mt-fr-en is a translator and can't summarise: set DEPECHE_SUMMARIZER to" in answer.stderr
        )
