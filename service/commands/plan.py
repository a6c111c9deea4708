"""What a run of `depeche submit` is asked to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.client import ArticleOptions
from service.commands.sources import Source

#: Articles that are with the server at once, unless the caller says otherwise.
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done with the articles.

    `several` gives results headings; `output` is a folder for files in the place of standard output, which `json` asks for
    all the same. Without `wait` the ids are printed. `article` holds the options of each submission.
    """

    sources: Sequence[Source]
    several: bool
    json: bool = False
    summary_only: bool = False
    output: Path | None = None
    wait: bool = True
    quiet: bool = False
    cancel: bool = False
    in_flight: int = IN_FLIGHT
    format: str | None = None
    article: ArticleOptions = field(default_factory=lambda: ArticleOptions())

    @property
    def outputs(self) -> str:
        """What is written of an article, for its name in the journal."""
        return "summary" if self.summary_only else "all"
