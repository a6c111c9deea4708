from pathlib import Path

import pytest

from worker.engine.errors import ModelError
from worker.engine.interface import Role
from worker.engine.registry import BUNDLED, fetch, locate, resolve, resolve_summarizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_bundled_is_a_folder_of_the_package() -> None:
    source = resolve("bundled")

    assert (source.id, source.folder, source.hub_id, source.revision) == ("bundled", BUNDLED, None, None)
    assert BUNDLED.parts[-3:] == ("worker", "models", "bundled")
    assert source.canary is not None
    assert source.canary.expected


def test_opus_is_pinned_unless_another_revision_is_named() -> None:
    assert resolve("opus").hub_id == "Helsinki-NLP/opus-mt-fr-en"
    assert len(resolve("opus").revision or "") == 40
    assert resolve("opus@main").revision == "main"
    assert resolve("opus", COMMIT).revision == COMMIT


def test_hub_ids_take_a_revision_in_either_place() -> None:
    assert resolve("facebook/nllb-200-distilled-600M").revision is None
    assert resolve(f"t5-small@{COMMIT}").hub_id == "t5-small"
    assert resolve(f"a/b@{COMMIT}") == resolve("a/b", COMMIT) == resolve(f"a/b@{COMMIT}", COMMIT)


def test_a_folder_is_named_by_its_last_part_and_never_by_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "my@model"
    folder.mkdir()
    source = resolve(str(folder))

    assert (source.id, source.folder) == ("my@model", folder)


def test_a_relative_folder_that_exists_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert resolve("models/mine").folder == Path("models/mine")
    assert resolve("models/yours").hub_id == "models/yours"


@pytest.mark.parametrize(
    ("model", "revision", "said"),
    [
        ("", None, "neither a folder nor a hub id"),
        ("a/b/c", None, "neither a folder nor a hub id"),
        ("two words", None, "neither a folder nor a hub id"),
        ("a/b@", None, "no revision after the @"),
        ("a/b@one", "two", "keep one of the two"),
    ],
)
def test_settings_that_cant_be_meant_are_refused(model: str, revision: str | None, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        resolve(model, revision)


def test_a_missing_folder_is_said_in_one_line(tmp_path: Path) -> None:
    source = resolve(str(tmp_path / "nowhere"))

    assert str(source).endswith("nowhere (missing)")
    with pytest.raises(ModelError, match=r"^nowhere: there is no folder .*nowhere\.$"):
        locate(source)


def test_a_folder_needs_no_fetching(tmp_path: Path) -> None:
    assert fetch(resolve(str(tmp_path)), Role.TRANSLATOR) == tmp_path
    assert str(resolve(str(tmp_path))) == f"folder {tmp_path}"


@pytest.mark.parametrize("setting", [None, "bundled", " bundled "])
def test_the_bundled_summaries_are_extractive_and_need_no_model(setting: str | None) -> None:
    assert resolve_summarizer(setting) is None


def test_the_bundled_summaries_have_no_revision() -> None:
    for model, revision in (("bundled", COMMIT), (f"bundled@{COMMIT}", None)):
        with pytest.raises(ModelError, match="leave the revision unset"):
            resolve_summarizer(model, revision)


def test_a_folder_of_that_name_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "bundled").mkdir()
    assert resolve_summarizer(str(tmp_path / "bundled"), "sha256:0") == resolve(str(tmp_path / "bundled"), "sha256:0")


def test_a_summarizer_is_named_as_a_translator_is(tmp_path: Path) -> None:
    for name in ("facebook/bart-large-cnn", f"t5-small@{COMMIT}", "facebook/mbart-large-50", str(tmp_path)):
        assert resolve_summarizer(name) == resolve(name)
    assert resolve_summarizer("a/b", COMMIT) == resolve("a/b", COMMIT)


@pytest.mark.parametrize(
    "model",
    [
        "opus",
        "opus@main",
        "Helsinki-NLP/opus-mt-tc-big-fr-en",
        "helsinki-nlp/opus-mt-fr-en",
        "facebook/nllb-200-distilled-600M",
        "facebook/m2m100_418M",
        "facebook/mbart-large-50-many-to-many-mmt",
        str(BUNDLED),
    ],
)
def test_known_translators_are_no_summarizers(model: str) -> None:
    with pytest.raises(ModelError, match=r"is a translator and can't summarise: set DEPECHE_SUMMARIZER to ") as refused:
        resolve_summarizer(model)
    assert "\n" not in str(refused.value)
    assert resolve(model)


def test_a_folder_is_known_by_its_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"model_type": "marian"}')
    with pytest.raises(ModelError, match="is a translator"):
        resolve_summarizer(str(tmp_path))
    for other in ('{"model_type": "bart"}', "[]", "{broken"):
        config.write_text(other)
        assert resolve_summarizer(str(tmp_path)) is not None
