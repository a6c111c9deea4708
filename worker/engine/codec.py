"""Text to token ids and back, for one loaded model."""

import re
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from worker.engine.errors import ModelError, first_line
from worker.engine.interface import Role, Tokens
from worker.engine.registry import LANGUAGES, MARIAN_TARGETS, PREFIXES

_VOCABULARIES = ("tokenizer.json", "*.spm", "*.model", "vocab.json", "vocab.txt")

#: Longer than any input: tokenizers then have nothing to warn of. The engine knows the limit itself.
_NO_LIMIT = int(1e30)


class Codec:
    """A tokenizer, told the languages and what the model wants before each input. Thread-safe. Never truncates.

    `forced_start` is the id that the output must begin with, `start` the id that decoding starts from in place of the
    model's own; None where the model wants no such thing. `limit` is what the tokenizer's
    own configuration names as the longest input in tokens, or None.
    """

    def __init__(self, folder: Path, model_id: str, model_type: str, role: Role) -> None:
        if not any(any(folder.glob(pattern)) for pattern in _VOCABULARIES):
            raise ModelError(f"{model_id}: there is no tokenizer in {folder}: copy its tokenizer files there")
        try:
            with warnings.catch_warnings():
                # Marian's tokenizer asks for a package that it then does not use.
                warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
                tokenizer: Any = AutoTokenizer.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False, clean_up_tokenization_spaces=False
                )
        except Exception as error:  # noqa: BLE001  # a broken file fails in as many ways as there are formats
            raise ModelError(f"{model_id}: the tokenizer in {folder} can't be read: {first_line(error)}") from None
        limit = tokenizer.model_max_length
        self.limit: int | None = int(limit) if limit < 1_000_000 else None
        tokenizer.model_max_length = _NO_LIMIT
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        names = {*tokenizer.all_special_tokens, *(str(token) for token in tokenizer.added_tokens_decoder.values())}
        # Marian's tokenizer takes whatever stands between these signs at the start of a text for a language.
        patterns = [re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1]
        self._special = re.compile("|".join([*patterns, "^>>(?=.*<<)"]))
        self._prefix = PREFIXES.get((model_type, role), "")
        self.forced_start: int | None = None
        self.start: int | None = None
        codes = LANGUAGES.get(type(tokenizer).__name__.removesuffix("Fast"))
        if codes is not None:
            self._set_languages(codes, role, model_id)
        elif model_type == "marian":
            known = getattr(tokenizer, "supported_language_codes", [])
            self._prefix = next((f"{code} " for code in MARIAN_TARGETS if code in known), "")

    @property
    def size(self) -> int:
        """The number of tokens that it knows."""
        return len(self._tokenizer)

    @property
    def unknown_id(self) -> int | None:
        """The id of what it does not know."""
        found = self._tokenizer.unk_token_id
        return None if found is None else int(found)

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenizes in bulk. What looks like a special token in a text gets a blank inside: it must not act as one."""
        if not texts:
            return []
        harmless = [self._prefix + self._special.sub(_break, text) for text in texts]
        with self._lock:
            rows = self._tokenizer(harmless)["input_ids"]
        return [Tokens(text, tuple(ids)) for text, ids in zip(texts, rows, strict=True)]

    def decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """Texts without special tokens and without blanks at the ends."""
        with self._lock:
            texts = self._tokenizer.batch_decode(
                [list(row) for row in rows], skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        return [text.strip() for text in texts]

    def _set_languages(self, codes: tuple[str, str], role: Role, model_id: str) -> None:
        source, target = codes if role is Role.TRANSLATOR else (codes[1], codes[1])
        tokenizer = self._tokenizer
        token_of = getattr(tokenizer, "get_lang_token", str)
        try:
            known = [tokenizer.convert_tokens_to_ids(token_of(code)) for code in (source, target)]
        except KeyError:
            known = [None]
        if None in known or tokenizer.unk_token_id in known:
            raise ModelError(f"{model_id}: its tokenizer does not know the languages {source} and {target}")
        tokenizer.src_lang = source
        found = known[1]
        # The first mBART starts decoding from the language's token; those after it put the token out first.
        if type(tokenizer).__name__.startswith("MBartTokenizer"):
            self.start = int(found)
        else:
            self.forced_start = int(found)


def _break(found: re.Match[str]) -> str:
    name = found.group()
    return f"{name[0]} {name[1:]}"
