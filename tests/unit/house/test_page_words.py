"""The page speaks French and English: both tables have the same keys, all are used, and there are words for every code."""

import re
from pathlib import Path

import pytest

from service.contract.errors import Code
from service.contract.states import JobState
from worker import warnings
from worker.plan import Route
from worker.text import FlagCode

PAGE = Path(__file__).parents[3] / "service" / "page"
TABLES = {name: (PAGE / "static" / f"words.{name}.js").read_text(encoding="utf-8") for name in ("en", "fr")}
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in sorted((PAGE / "static").glob("*.js"))}
MODULES = {name: text for name, text in SCRIPTS.items() if not re.fullmatch(r"words\.\w\w\.js", name)}
HTML = (PAGE / "templates" / "page.html").read_text(encoding="utf-8")

#: Starts of codes of calls that the page never makes.
NEVER_MET = ("batch_", "callback_", "webhook_", "translation_", "no_worker")


def entries(language: str) -> dict[str, str]:
    """The table of a language: each key with its words, plurals as they stand there."""
    table = TABLES[language]
    found = re.findall(r'^  (\w+): (\{.*?\}|".*?"),$', table, re.MULTILINE | re.DOTALL)
    keys = re.findall(r"^  (\w+): ", table, re.MULTILINE)
    assert [key for key, _ in found] == keys, "an entry is written in another way"
    assert len(set(keys)) == len(keys)
    return dict(found)


def starting(start: str) -> set[str]:
    """What follows this start of a key, for all keys that have it."""
    return {key.removeprefix(start) for key in entries("en") if key.startswith(start)}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(entries("en")) == list(entries("fr"))


def test_both_languages_fill_the_same_gaps() -> None:
    for key, english in entries("en").items():
        gaps, french = set(re.findall(r"\{(\w+)\}", english)), entries("fr")[key]
        assert gaps == set(re.findall(r"\{(\w+)\}", french)), key
        assert ("one:" in english) == ("one:" in french), key


def test_french_typography() -> None:
    for key, words in entries("fr").items():
        assert "'" not in words, key
        for text in re.findall(r'"(.*?)"', words):
            assert not re.search(r"«(?!\u00a0)|(?<!\u00a0)[»;:?!]", text), f"{key}: {text}"


def test_the_sample_has_french_typography() -> None:
    sample = (PAGE / "static" / "sample.fr.txt").read_text(encoding="utf-8")
    assert "'" not in sample
    assert not re.search(r"«(?!\u00a0)|(?<!\u00a0)[»;:?!%]|\n\n\n", sample)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_key_that_a_script_says_is_there(name: str) -> None:
    said = set(re.findall(r'\b(?:say|has)\("(\w+)"', MODULES[name])) | set(re.findall(r'key: "(\w+)"', MODULES[name]))
    assert said <= set(entries("en"))


def test_every_key_is_used() -> None:
    everything = "\n".join([*MODULES.values(), HTML])
    by_code = re.compile(r"(error|flag|state|job)_\w+")
    unused = {key for key in entries("en") if not re.search(rf'"{key}"', everything) and not by_code.fullmatch(key)}
    assert unused == set()


def test_the_template_has_the_english_words() -> None:
    english = {key: words.strip('"') for key, words in entries("en").items()}
    for key, text in re.findall(r'data-words="(\w+)"[^>]*>([^<]*)<', HTML):
        assert text == english[key], key
    for attribute, name in (("aria-label", "label"), ("placeholder", "placeholder")):
        assert len(re.findall(rf'(?<![\w-]){attribute}="', HTML)) == len(re.findall(rf'data-words-{name}="', HTML))
        for text, key in re.findall(rf'(?<![\w-]){attribute}="([^"]*)" data-words-{name}="(\w+)"', HTML):
            assert text == english[key], key


def test_scripts_have_no_words_of_their_own() -> None:
    """A string with two words in it is something to read. Errors for developers and media queries are not."""
    for name, script in MODULES.items():
        code = re.sub(r"^\s*//.*$|(?<=[;{},)]) // .*$", "", script, flags=re.MULTILINE)
        code = re.sub(r"(?:querySelector\w*|closest|matches|matchMedia)\([^)\n]*\)", "", code)
        strings = re.findall(r'"([^"\n]*)"', code) + re.findall(r"`([^`]*)`", code)
        texts = [re.sub(r"\$\{[^}]*\}", "", text) for text in strings]
        spoken = [text for text in texts if re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", text)]
        assert [text for text in spoken if not re.fullmatch(r"[a-z-]+( [a-z-]+)+", text)] == [], name


def test_the_page_explains_every_flag() -> None:
    others = {value for name, value in vars(warnings).items() if name.isupper() and isinstance(value, str)}
    assert starting("flag_") == {*FlagCode, *others, Route.ENGLISH, Route.OPAQUE}


def test_the_page_has_words_for_every_error_that_it_can_meet() -> None:
    of_the_page = {"no_answer", "unknown"}
    met = {code.value.code for code in Code if not code.value.code.startswith(NEVER_MET)}
    assert starting("error_") == of_the_page | met


def test_the_page_has_words_for_every_state() -> None:
    assert set(JobState) <= starting("job_")
    assert set(JobState) - {JobState.RUNNING} <= starting("state_")
