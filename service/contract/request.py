"""What a client asks for: the body of `POST /v1/jobs`, validated. Bad input ends here, with a code and what to do."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from service.contract.callback import URL_CHARACTERS, Receiver
from service.contract.errors import Code, RequestError

#: Most bytes of `metadata`, as JSON in UTF-8.
METADATA_BYTES = 4096

#: Most characters of an unknown field's name that an error repeats.
_SHOWN_CHARACTERS = 60

#: Most characters of `title`.
TITLE_CHARACTERS = 1000

#: Most entries of `glossary` and of `keep`, and most characters of a term.
TERMS, TERM_CHARACTERS = 1000, 200


#: What this module checks by itself, as patterns for the interface's description: text with more than blanks and without NUL,
#: text without NUL, terms, and addresses of callbacks.
_NOT_BLANK = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$"
NO_NUL = r"^[^\x00]*$"
_TERM = r"^[^\s\x00-\x1f\x85]([^\x00-\x1f]*[^\s\x00-\x1f\x85])?$"
_ADDRESS = r'^https?://[!"$-\[\]-~]+$'


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _whole(value: object) -> object:
    """JSON has one kind of numbers: 100.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class SummaryOptions(_Record):
    """Which summary is wanted. `max_words` bounds the English summary, counted as words split by white space.

    With `strict`, a model's sentence that states what the article does not gives way to a sentence of the translation.
    """

    mode: Literal["auto", "extractive", "abstractive", "none"] = "auto"
    max_words: Annotated[int, Field(ge=5, le=1000), BeforeValidator(_whole)] = 100
    strict: bool = False


def _term(value: str) -> str:
    if not value or len(value) > TERM_CHARACTERS or value.strip() != value or any(char < " " for char in value):
        raise ValueError(
            f"is no term: it takes 1 to {TERM_CHARACTERS} characters, with no blanks at its ends and no line ends"
        )
    if not _encodable(value):
        raise PydanticCustomError("string_unicode", "holds half of a surrogate pair")
    return value


_Term = Annotated[
    str,
    AfterValidator(_term),
    Field(json_schema_extra={"minLength": 1, "maxLength": TERM_CHARACTERS, "pattern": _TERM}),
]


def _callback_url(value: str) -> str:
    Receiver.of(value)
    return value


class GlossaryEntry(_Record):
    """The English for a French term. With `inflect`, the term's plural counts as the term, and the model may write the English
    in another form of the same words."""

    translation: _Term
    inflect: bool = False


def _written_out(entry: object) -> object:
    """An entry whose short form is a translation alone."""
    return {"translation": entry} if isinstance(entry, str) else entry


_Entry = Annotated[GlossaryEntry, BeforeValidator(_written_out, json_schema_input_type=_Term | GlossaryEntry)]

_CallbackUrl = Annotated[
    str,
    AfterValidator(_callback_url),
    Field(json_schema_extra={"format": "uri", "maxLength": URL_CHARACTERS, "pattern": _ADDRESS}),
]


class JobRequest(_Record):
    """One article to translate, in `format`. Text is kept as it came, to the byte.

    `glossary` gives for French terms the English that they must become; `keep` lists terms that stay as they are.
    `callback_url` is told when the job has ended.
    """

    text: Annotated[str, Field(json_schema_extra={"pattern": _NOT_BLANK})]
    title: Annotated[str, Field(max_length=TITLE_CHARACTERS, json_schema_extra={"pattern": NO_NUL})] | None = None
    format: Literal["text", "markdown", "html"] = "text"
    force: bool = False
    summary: SummaryOptions = SummaryOptions()
    glossary: (
        Annotated[dict[_Term, _Entry], Field(max_length=TERMS, json_schema_extra={"additionalProperties": False})]
        | None
    ) = None
    keep: Annotated[list[_Term], Field(max_length=TERMS)] | None = None
    callback_url: _CallbackUrl | None = None
    metadata: dict[str, Any] | None = None

    def to_json(self) -> bytes:
        """The request as the record keeps it; metadata and the callback have fields of their own there."""
        return self.model_dump_json(exclude={"metadata", "callback_url"}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "JobRequest":
        """The inverse of `to_json`."""
        return cls.model_validate_json(data)


def parse_request(
    body: object, *, max_characters: int, permit_host: Callable[[str], bool] = lambda host: True
) -> JobRequest:
    """Validates a decoded JSON body. Raises `RequestError` with a code, a detail and a pointer; names no text.

    `max_characters` bounds `text`, in Unicode code points; `permit_host` says which hosts may be sent callbacks.
    """
    if not isinstance(body, dict):
        raise RequestError(Code.INVALID_REQUEST, 'Send a JSON object such as {"text": "Un article."}.')
    _check_members(body)
    try:
        request = JobRequest.model_validate(body)
    except ValidationError as error:
        raise _request_error(error) from None
    _check_text(request, max_characters)
    if request.callback_url is not None and not permit_host(Receiver.of(request.callback_url).host):
        raise RequestError(
            Code.INVALID_REQUEST,
            "callback_url names an address that is not public. Use another, or have it added to DEPECHE_CALLBACK_NETWORKS.",
            pointer="/callback_url",
        )
    if request.metadata is not None:
        check_metadata(request.metadata)
    return request


def check_metadata(metadata: dict[str, Any]) -> None:
    """Raises `RequestError` for metadata that can't be kept."""
    try:
        size = len(json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError):
        raise RequestError(
            Code.INVALID_REQUEST,
            "metadata holds what JSON in UTF-8 can't carry: half of a surrogate pair, a number too large, or too many levels.",
            pointer="/metadata",
        ) from None
    if size > METADATA_BYTES:
        raise RequestError(
            Code.INVALID_REQUEST,
            f"metadata has {size} bytes as JSON; at most {METADATA_BYTES} are kept.",
            pointer="/metadata",
        )


def _check_members(body: dict[str, Any]) -> None:
    """Raises `RequestError` for the first name that is unknown, and for too many terms.

    Validation would make an error of each name and each term, and there are as many as the body has room for.
    """
    _check_names(JobRequest, body)
    _check_names(SummaryOptions, body.get("summary"), "summary")
    for field in ("glossary", "keep"):
        terms = body.get(field)
        if isinstance(terms, dict | list) and len(terms) > TERMS:
            raise RequestError(
                Code.INVALID_REQUEST, f"{field} has {len(terms)} terms; at most {TERMS} are taken.", pointer=f"/{field}"
            )
    glossary = body.get("glossary")
    for term, entry in glossary.items() if isinstance(glossary, dict) else ():
        _check_names(GlossaryEntry, entry, "glossary", term)


def _check_names(model: type[BaseModel], members: object, *path: str) -> None:
    unknown = (
        next((name for name in members if name not in model.model_fields), None) if isinstance(members, dict) else None
    )
    if unknown is None:
        return
    if not _encodable(unknown):
        raise _half_pair("The name of a field", _place(path)[1] or None)
    field, pointer = _place([*path, unknown])
    known = ", ".join(model.model_fields)
    raise RequestError(
        Code.UNKNOWN_FIELD, f"There is no field {field!r} here. The fields are: {known}.", pointer=pointer
    )


def _check_text(request: JobRequest, max_characters: int) -> None:
    for field, value in (("text", request.text), ("title", request.title or "")):
        if "\0" in value:
            raise RequestError(
                Code.NUL_CHARACTER,
                f"{field} holds a NUL character at position {value.index(chr(0))}. Remove it: it is not text.",
                pointer=f"/{field}",
            )
        if not _encodable(value):
            raise _half_pair(field, f"/{field}")
    if len(request.text) > max_characters:
        raise RequestError(
            Code.TOO_LARGE,
            f"text has {len(request.text)} characters; this server takes {max_characters}. Split the article.",
            pointer="/text",
        )
    if not request.text.strip():
        raise RequestError(Code.EMPTY_TEXT, "text is empty or blank. Send the article's text in it.", pointer="/text")


def _request_error(error: ValidationError) -> RequestError:
    """The first problem, as an error that names the field and what it takes (never its value)."""
    item = error.errors(include_input=False, include_url=False)[0]
    field, pointer = _place([str(part) for part in item["loc"] if part != "[key]"])
    if item["type"] == "missing":
        return RequestError(Code.INVALID_REQUEST, f"The field {field!r} is missing.", pointer=pointer)
    if item["type"] == "string_unicode":
        return _half_pair(field, pointer)
    message = item["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return RequestError(Code.INVALID_REQUEST, f"{field} {message}.", pointer=pointer)


def _place(path: Sequence[str]) -> tuple[str, str]:
    """A field as people call it, and the JSON pointer to it."""
    shown = [_shown(part) for part in path]
    return ".".join(shown), "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in shown)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _half_pair(what: str, pointer: str | None) -> RequestError:
    return RequestError(
        Code.INVALID_ENCODING,
        f"{what} holds half of a surrogate pair, which UTF-8 can't carry. Repair the text's encoding.",
        pointer=pointer,
    )


def _shown(name: str) -> str:
    """A field's name as errors may repeat it: names can be as long as the body, and hold anything."""
    name = name.encode(errors="replace").decode()
    return name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "…"
