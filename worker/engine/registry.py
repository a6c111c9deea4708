"""What a model setting names, and what is known of models beforehand. Downloads are in `worker.engine.hub`.

A setting is `bundled`, `opus`, a folder, or a hub id, each but the first with an optional `@REVISION`.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from worker.engine.errors import ModelError
from worker.engine.hub import Snapshot, cached_snapshot, snapshot
from worker.engine.interface import Role

#: The model that lives in the repository.
BUNDLED = Path(__file__).parent.parent / "models" / "bundled"


@dataclass(frozen=True, slots=True)
class Canary:
    """What a model is proved on: a text, and words of which at least one must come out, in lower case. None: any will do."""

    text: str
    expected: tuple[str, ...] = ()


#: The canary of models of which nothing is known.
CANARIES = {
    Role.TRANSLATOR: Canary("Le gouvernement a annoncé mardi une nouvelle loi sur la protection de l'eau."),
    Role.SUMMARIZER: Canary(
        "The government announced a new law on the protection of water on Tuesday. Towns will have to repair their "
        "pipes within three years. Farmers fear that they will have to pay more for the water of their fields, and "
        "the minister promised to help those who use less of it."
    ),
}

_OPUS_CANARY = Canary(CANARIES[Role.TRANSLATOR].text, ("government", "law", "water"))

#: Languages as tokenizers of many languages call them, by the tokenizer's class: the article's, then that of the output.
LANGUAGES = {
    "NllbTokenizer": ("fra_Latn", "eng_Latn"),
    "MBartTokenizer": ("fr_XX", "en_XX"),
    "MBart50Tokenizer": ("fr_XX", "en_XX"),
    "M2M100Tokenizer": ("fr", "en"),
}

#: What models of a type want before each input. T5 was trained on these very words.
PREFIXES = {
    ("t5", Role.TRANSLATOR): "translate French to English: ",
    ("t5", Role.SUMMARIZER): "summarize: ",
}

#: What Marian models with several target languages want before each input, where their vocabulary has it.
MARIAN_TARGETS = (">>eng<<", ">>en<<")

#: Types of models that only ever translate.
TRANSLATOR_TYPES = frozenset({"marian"})

#: Hub ids of translators that people know.
_TRANSLATOR_IDS = re.compile(r"Helsinki-NLP/opus-|facebook/(nllb-|m2m100_|wmt|mbart-large-50-\w+-to-)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model is to come from. `folder` is set for models on disk, else `hub_id` is.

    `id` is what results call it: never a path. `revision` is the pin, None where there is none: a commit, branch or tag
    for a hub id, `sha256:...` for a folder.
    """

    id: str
    folder: Path | None = None
    hub_id: str | None = None
    revision: str | None = None
    canary: Canary | None = None

    def at_hand(self) -> Path | None:
        """The folder with its files, if they are here; the hub is not asked."""
        if self.hub_id is None:
            return self.folder if self.folder is not None and self.folder.is_dir() else None
        found = cached_snapshot(self.hub_id, self.revision)
        return found.folder if found else None

    def __str__(self) -> str:
        """Where it is, and whether it is at hand without the hub."""
        here = self.at_hand()
        if self.hub_id is None:
            return f"folder {self.folder}" + ("" if here else " (missing)")
        return f"hub {self.hub_id}@{self.revision or 'main'} ({f'at {here}' if here else 'not fetched yet'})"


_NAMED = {
    "bundled": ModelSource("bundled", folder=BUNDLED, canary=Canary("Le chat est dans la maison.", ("cat", "house"))),
    "opus": ModelSource(
        "Helsinki-NLP/opus-mt-fr-en",
        hub_id="Helsinki-NLP/opus-mt-fr-en",
        revision="c4aed37b318c763fd177aa449b44e3b783cc6c02",
        canary=_OPUS_CANARY,
    ),
}


def resolve(model: str, revision: str | None = None) -> ModelSource:
    """What the setting `model` names. `revision` pins it, like `@REVISION` in `model`.

    Nothing is looked up but whether `model` is a folder. Raises `ModelError` for a setting that can't be meant.
    """
    name = model.strip()
    pin: str | None = None
    if not _is_folder(name) and "@" in name:
        name, _, pin = name.rpartition("@")
        if not pin:
            raise ModelError(f"{model}: there is no revision after the @")
    if pin and revision and pin != revision:
        raise ModelError(f"{model}: the revision setting says {revision}; keep one of the two")
    pin = pin or revision
    known = _NAMED.get(name)
    if known is not None:
        return ModelSource(known.id, known.folder, known.hub_id, pin or known.revision, known.canary)
    if _is_folder(name):
        folder = Path(name).expanduser()
        return ModelSource(folder.resolve().name or "model", folder=folder, revision=pin)
    if not name or name.count("/") > 1 or any(c.isspace() for c in name):
        raise ModelError(f"{model!r} is neither a folder nor a hub id such as Helsinki-NLP/opus-mt-fr-en")
    return ModelSource(name, hub_id=name, revision=pin)


def resolve_summarizer(model: str | None, revision: str | None = None) -> ModelSource | None:
    """The abstractive model that a setting names; None where it is unset or `bundled`: the extractive summaries.

    Raises `ModelError` for a setting that can't be meant, and for what is known as a translator. What is not known by its name
    shows itself in its configuration: see `check_role`.
    """
    if model is None:
        return None
    source = resolve(model, revision)
    if source == _NAMED["bundled"]:
        return None
    if source.folder == BUNDLED and source.revision is not None:
        raise ModelError(f"{model}: bundled summaries need no model, and so no revision: leave the revision unset")
    if _is_known_translator(source):
        raise _translates(source)
    return source


def check_role(source: ModelSource, role: Role, model_type: object) -> None:
    """Raises `ModelError` where a model of this type, as its configuration names it, can't fill the role."""
    if role is Role.SUMMARIZER and model_type in TRANSLATOR_TYPES:
        raise _translates(source)


def locate(source: ModelSource, *, offline: bool = False) -> Snapshot:
    """The folder with the model's files, downloaded if need be and allowed. Raises `ModelError` where there is none.

    The revision is the commit for a hub id, None for a folder (see `worker.engine.fingerprint`).
    """
    if source.hub_id is not None:
        return snapshot(source.hub_id, source.revision, offline=offline)
    folder = source.folder or BUNDLED
    if not folder.is_dir():
        hint = " It is part of the repository: check out all of it." if source.id == "bundled" else ""
        raise ModelError(f"{source.id}: there is no folder {folder}.{hint}")
    return Snapshot(folder, None, pinned=source.revision is not None)


def fetch(source: ModelSource, role: Role) -> Path:
    """Downloads a model, so that a worker can start offline, and says where it is. Raises `ModelError`."""
    folder = locate(source).folder
    check_role(source, role, _model_type(folder))
    return folder


def _model_type(folder: Path) -> object:
    """What the configuration calls the model's type; None where it can't be read, which loading the model will tell."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return config.get("model_type") if isinstance(config, dict) else None


def _is_known_translator(source: ModelSource) -> bool:
    if source.folder is not None:
        return (
            source.folder.expanduser().resolve() == BUNDLED.resolve() or _model_type(source.folder) in TRANSLATOR_TYPES
        )
    return _TRANSLATOR_IDS.match(source.hub_id or "") is not None


def _translates(source: ModelSource) -> ModelError:
    return ModelError(
        f"{source.id} is a translator and can't summarise: set DEPECHE_SUMMARIZER to an abstractive model, such as "
        "facebook/bart-large-cnn, or leave it unset for extractive summaries"
    )


def _is_folder(name: str) -> bool:
    return name.startswith(("/", "./", "../", "~")) or name in {".", ".."} or (bool(name) and Path(name).is_dir())
