"""Which articles the arguments of a command line mean, and where the results of each go."""

import glob
import os
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from service.commands.articles import FORMATS, OUTPUT_ENDINGS, STDIN

#: Endings of the files that a directory is walked for.
WALKED = (".txt", *FORMATS)

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

_PASSWORD = re.compile(r"(?<=:)//[^/?#]*@")

#: Characters of a file's name that is made of an address.
_NAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Source:
    """One article: a path, an address or `-`. `error` says why there is none.

    `stem` is where its results go below the output folder, without the endings. `data` is what standard input held.
    """

    where: str
    stem: PurePath
    error: str = ""
    data: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What messages call it, without what a terminal would obey, and without a password in an address."""
        shown = "standard input" if self.where == STDIN else self.where
        if self.is_address:
            shown = _PASSWORD.sub("//", shown)
        return "".join(character if character.isprintable() else "?" for character in shown)

    @property
    def is_address(self) -> bool:
        """Whether it has to be fetched."""
        return bool(_ADDRESS.match(self.where))


def find_sources(arguments: Sequence[str]) -> list[Source]:
    """The articles in the order of the arguments, those of a directory or a pattern by their names.

    A directory is walked for `WALKED`, without what is hidden, behind a link to a directory, or ours (`.en.txt` and the like).
    """
    return [source for argument in arguments for source in _sources_of(argument)]


def means_several(arguments: Sequence[str]) -> bool:
    """Whether the arguments may stand for several articles, however many are there now."""
    return len(arguments) > 1 or any(os.path.isdir(each) or _is_pattern(each) for each in arguments)


def place(sources: Sequence[Source], output: Path, ours: Collection[Path] = ()) -> list[Source]:
    """The sources with stems that no two share, `NAME-2` where `NAME` is taken, and none of which overwrites an article.

    Those that `ours` holds, the files that earlier runs wrote, are left out.
    """
    kept = [source for source in sources if source.is_address or Path(source.where).resolve() not in ours]
    articles = {Path(os.path.realpath(source.where)) for source in kept if not source.is_address}
    taken: set[PurePath] = set()
    numbers: dict[PurePath, int] = {}
    placed = []
    for source in kept:
        stem = source.stem
        while stem in taken or _overwrites(output / stem, articles):
            numbers[source.stem] = numbers.get(source.stem, 1) + 1
            stem = source.stem.with_name(f"{source.stem.name}-{numbers[source.stem]}")
        taken.add(stem)
        placed.append(replace(source, stem=stem))
    return placed


def _sources_of(argument: str) -> Iterator[Source]:
    if argument == STDIN:
        yield Source(STDIN, PurePath("stdin"), data=sys.stdin.buffer.read())
    elif _ADDRESS.match(argument):
        yield Source(argument, PurePath(_name_of_address(argument)))
    elif os.path.isdir(argument):
        yield from _below(argument)
    elif _is_pattern(argument):
        yield from _matching(argument)
    else:
        yield Source(argument, PurePath(_bare(PurePath(argument).name)))


def _is_pattern(argument: str) -> bool:
    known = argument == STDIN or _ADDRESS.match(argument) or os.path.exists(argument)
    return not known and glob.has_magic(argument)


def _below(folder: str) -> Iterator[Source]:
    found = False
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(WALKED) and not name.startswith(".") and not name.endswith(OUTPUT_ENDINGS):
                found = True
                yield _in_tree(os.path.join(place, name), folder)
    if not found:
        yield Source(
            folder, PurePath("article"), error=f"there is no {', '.join(WALKED[:-1])} or {WALKED[-1]} file in it"
        )


def _matching(pattern: str) -> Iterator[Source]:
    parts = PurePath(pattern).parts
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    root = os.path.join(*parts[:fixed]) if fixed else "."
    found = sorted(path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path))
    articles = [path for path in found if not path.endswith(OUTPUT_ENDINGS)]
    for path in articles:
        yield _in_tree(path, root)
    if not articles:
        yield Source(pattern, PurePath("article"), error="no file matches")


def _in_tree(path: str, root: str) -> Source:
    relative = PurePath(os.path.relpath(path, root))
    return Source(path, relative.with_name(_bare(relative.name)))


def _bare(name: str) -> str:
    """The name without `.txt`, `.md` or `.html`, and `.fr`."""
    path = PurePath(name)
    stem = path.stem if path.suffix.lower() in WALKED else path.name
    return stem.removesuffix(".fr") or "article"


def _name_of_address(address: str) -> str:
    parts = urlsplit(address)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    name = re.sub(r"[^\w.-]+", "-", _bare(last) if last else parts.netloc.rpartition("@")[2]).strip("-.")
    return name[:_NAME_CHARACTERS] or "article"


def _overwrites(stem: Path, articles: Collection[Path]) -> bool:
    return any(Path(os.path.realpath(f"{stem}{ending}")) in articles for ending in OUTPUT_ENDINGS)
