"""Parsing submissions: whatever comes in, a request or an error with a code comes out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.bodies import decode, parse_json
from service.contract.errors import Code, DepecheError
from service.contract.request import METADATA_BYTES, TERMS, GlossaryEntry, JobRequest, parse_request

LIMIT = 1000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def parsed(body: Any) -> JobRequest | DepecheError:
    try:
        return parse_request(body, max_characters=LIMIT)
    except DepecheError as error:
        return error


def refusal(body: Any) -> DepecheError:
    with pytest.raises(DepecheError) as caught:
        parse_request(body, max_characters=LIMIT)
    return caught.value


@given(
    json_values | st.fixed_dictionaries({"text": json_values}, optional={"title": json_values, "metadata": json_values})
)
def test_any_json_is_a_request_or_refused(body: Any) -> None:
    outcome = parsed(body)
    if isinstance(outcome, DepecheError):
        assert 400 <= outcome.status < 500
        assert outcome.detail.encode()
    else:
        assert outcome.text.strip()
        assert JobRequest.from_json(outcome.to_json()).text == outcome.text


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    outcome: DepecheError | None = None
    try:
        parse_json(decode(data))
    except DepecheError as error:
        outcome = error
    assert outcome is None or outcome.code in (Code.INVALID_JSON, Code.INVALID_ENCODING)


@given(st.text())
def test_text_is_kept_to_the_character(text: str) -> None:
    if not text.strip() or "\0" in text:
        return
    request = parse_request({"text": text}, max_characters=LIMIT)
    assert JobRequest.from_json(request.to_json()).text == text


def test_errors_never_repeat_the_text() -> None:
    for body in ({"text": "secret\0"}, {"text": ["secret"]}, {"text": "a", "title": 1, "force": "secret"}):
        assert "secret" not in refusal(body).detail


def test_the_pointer_is_a_json_pointer() -> None:
    assert refusal({"text": "a", "m/~x": 1}).pointer == "/m~1~0x"
    assert refusal({"text": "a", "summary": {"max_words": 4}}).pointer == "/summary/max_words"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"text": 1, "a": 1, "b": 1}, "/a"),
        ({"text": 1, "summary": {"mode": 1, "a": 1, "b": 1}}, "/summary/a"),
        ({"text": 1, "glossary": {"t": {"translation": 1, "a": 1, "b": 1}}}, "/glossary/t/a"),
        ({"text": 1, "glossary": {str(n): 1 for n in range(TERMS + 1)}}, "/glossary"),
        ({"text": 1, "keep": [1] * (TERMS + 1)}, "/keep"),
    ],
)
def test_what_there_may_be_any_number_of_is_refused_before_any_of_it_is_looked_at(body: Any, pointer: str) -> None:
    assert refusal(body).pointer == pointer


def test_a_long_name_is_not_repeated_whole() -> None:
    assert len(refusal({"text": "a", "x" * 100_000: 1}).detail) < 300


def test_limits_are_exact() -> None:
    assert parse_request({"text": "a" * LIMIT}, max_characters=LIMIT)
    assert refusal({"text": "a" * (LIMIT + 1)}).code is Code.TOO_LARGE
    filler = METADATA_BYTES - len('{"a": ""}')
    assert parse_request({"text": "a", "metadata": {"a": "x" * filler}}, max_characters=LIMIT)
    assert refusal({"text": "a", "metadata": {"a": "x" * (filler + 1)}}).code is Code.INVALID_REQUEST
    for words in (5, 1000, 5.0):
        assert parse_request({"text": "a", "summary": {"max_words": words}}, max_characters=LIMIT)
    for wrong in (4, 1001, 5.5, True, "5"):
        assert refusal({"text": "a", "summary": {"max_words": wrong}}).code is Code.INVALID_REQUEST


def test_terms() -> None:
    body = {
        "text": "a",
        "glossary": {"comité d'entreprise": "works council", "hausse": {"translation": "rise", "inflect": True}},
        "keep": ["Durand & Fils"],
    }
    request = parse_request(body, max_characters=10)
    assert request.glossary == {
        "comité d'entreprise": GlossaryEntry(translation="works council"),
        "hausse": GlossaryEntry(translation="rise", inflect=True),
    }
    assert request.keep == ["Durand & Fils"]
    assert JobRequest.from_json(request.to_json()) == request
    assert parse_request({"text": "a", "glossary": None, "keep": None}, max_characters=10).glossary is None


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("glossary", {"": "b"}, "/glossary/"),
        ("glossary", {" a": "b"}, "/glossary/ a"),
        ("glossary", {"a": "b\n"}, "/glossary/a/translation"),
        ("glossary", {"a": {"translation": "b", "how": 1}}, "/glossary/a/how"),
        ("glossary", {str(n): "b" for n in range(1001)}, "/glossary"),
        ("glossary", ["a"], "/glossary"),
        ("keep", [""], "/keep/0"),
        ("keep", ["a" * 201], "/keep/0"),
        ("keep", "a", "/keep"),
    ],
)
def test_bad_terms_are_named(field: str, value: object, pointer: str) -> None:
    error = refusal({"text": "a", field: value})
    assert error.pointer == pointer
    assert error.code in {Code.INVALID_REQUEST, Code.UNKNOWN_FIELD}
    assert "pattern" not in error.detail


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("keep", ["a", "b\ud800"], "/keep/1"),
        ("glossary", {"b\ud800": "c"}, "/glossary/b\ufffd\ufffd\ufffd"),
        ("glossary", {"b": "c\ud800"}, "/glossary/b/translation"),
        ("glossary", {"b": {"translation": "\udfff", "inflect": True}}, "/glossary/b/translation"),
    ],
)
def test_terms_hold_no_half_of_a_pair(field: str, value: object, pointer: str) -> None:
    error = refusal({"text": "a", field: value})
    assert (error.code, error.pointer) == (Code.INVALID_ENCODING, pointer)
