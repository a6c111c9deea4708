"""The bodies that the interface takes besides `JobRequest`: batches, and the calls of other services' interfaces."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.batches import BATCH_ARTICLES
from service.api.deepl import MOST_TEXTS as DEEPL_TEXTS
from service.api.libretranslate import MOST_TEXTS as LIBRE_TEXTS
from service.contract.request import NO_NUL, JobRequest

#: A text without NUL characters, blank ones among them.
_Text = Annotated[str, Field(pattern=NO_NUL)]


class BatchRequest(BaseModel):
    """Articles to translate, each accepted or refused by itself, and metadata that comes back with the batch."""

    model_config = ConfigDict(extra="forbid")

    jobs: Annotated[list[JobRequest], Field(min_length=1, max_length=BATCH_ARTICLES)]
    metadata: dict[str, Any] | None = None


class _Lenient(BaseModel):
    """Other services' clients send fields that mean nothing here."""

    model_config = ConfigDict(extra="allow")


class LibreDetectRequest(_Lenient):
    """A text whose language is wanted."""

    q: str
    api_key: str = ""


class LibreFormRequest(_Lenient):
    """A text to translate, in a form."""

    q: _Text
    source: Literal["fr", "en", "auto"] = "auto"
    target: Literal["en"] = "en"
    format: Literal["text", "html"] = "text"
    api_key: str = ""


class LibreRequest(LibreFormRequest):
    """A text to translate, or a list of them."""

    q: _Text | Annotated[list[_Text], Field(min_length=1, max_length=LIBRE_TEXTS)]  # type: ignore[assignment]


class DeepLRequest(_Lenient):
    """Texts to translate. Without `source_lang` their language is detected."""

    text: _Text | Annotated[list[_Text], Field(min_length=1, max_length=DEEPL_TEXTS)]
    source_lang: Annotated[str, Field(pattern="^([Ff][Rr]|[Ee][Nn](-([Gg][Bb]|[Uu][Ss]))?)?$")] = "FR"
    target_lang: Annotated[str, Field(pattern="^[Ee][Nn](-([Gg][Bb]|[Uu][Ss]))?$")]
    tag_handling: Literal["", "html"] = ""
    auth_key: str = ""
