"""Reads the part of the Dockerfile language that this project uses, and refuses the rest rather than guess.

Not read: heredocs, another escape character, ONBUILD. Each raises `DockerfileError`, so a file that starts to use them
needs this reader to learn them first.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

_COMMON = {"FROM", "ARG", "RUN", "COPY", "ADD", "WORKDIR", "USER", "ENV", "LABEL"}
_OF_THE_IMAGE = {"ENTRYPOINT", "CMD", "EXPOSE", "HEALTHCHECK", "SHELL", "STOPSIGNAL", "VOLUME"}
KNOWN = _COMMON | _OF_THE_IMAGE
_FLAG = re.compile(r"--(?P<name>[a-z-]+)=(?P<value>\S+)\s+")


class DockerfileError(Exception):
    """A line that Docker would refuse, or that this reader does not understand."""


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction, its continuation lines joined by a space."""

    line: int
    name: str
    flags: dict[str, str]
    text: str

    @property
    def words(self) -> list[str]:
        """The arguments: of the JSON form if that is what was written, else split at blanks."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return self.text.split()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What lies between one FROM and the next. `base` has build arguments filled in with their defaults."""

    base: str
    alias: str | None
    instructions: tuple[Instruction, ...]

    def named(self, name: str) -> list[Instruction]:
        """The stage's instructions of one name, in order."""
        return [one for one in self.instructions if one.name == name]


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """A file's stages; the last is the image."""

    path: Path
    stages: tuple[Stage, ...]

    @property
    def image(self) -> Stage:
        """The stage that becomes the image."""
        return self.stages[-1]


def instructions(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile's text. Raises `DockerfileError`."""
    found: list[Instruction] = []
    parts: list[str] = []
    start = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("#"):
            if re.match(r"#\s*escape\s*=", line, re.IGNORECASE):
                raise DockerfileError(f"line {number}: an escape directive is not read here")
            continue
        if not line:
            if parts:
                raise DockerfileError(f"line {number}: a blank line inside an instruction")
            continue
        start = start if parts else number
        parts.append(line.removesuffix("\\").rstrip())
        if not line.endswith("\\"):
            found.append(_instruction(start, " ".join(parts)))
            parts = []
    if parts:
        raise DockerfileError(f"line {start}: the last instruction goes on past the end of the file")
    return found


def _instruction(line: int, joined: str) -> Instruction:
    name, _, rest = joined.partition(" ")
    if name not in KNOWN:
        raise DockerfileError(f"line {line}: unknown instruction {name}")
    flags: dict[str, str] = {}
    rest = rest.strip()
    while match := _FLAG.match(rest):
        flags[match["name"]] = match["value"]
        rest = rest[match.end() :]
    if not rest:
        raise DockerfileError(f"line {line}: {name} without arguments")
    if "<<" in rest and name in {"RUN", "COPY"}:
        raise DockerfileError(f"line {line}: a heredoc is not read here")
    one = Instruction(line=line, name=name, flags=flags, text=rest)
    if rest.startswith("["):
        try:
            one.words  # noqa: B018 -- reading it is the check
        except json.JSONDecodeError as error:
            raise DockerfileError(f"line {line}: {name} is not the JSON list it starts as") from error
    return one


def read(path: Path) -> Dockerfile:
    """A Dockerfile, by stages. Raises `DockerfileError`."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    body: list[Instruction] = []
    heads: list[Instruction] = []
    bodies: list[list[Instruction]] = []
    for one in instructions(path.read_text(encoding="utf-8")):
        if one.name == "FROM":
            body = []
            heads.append(one)
            bodies.append(body)
        elif heads:
            body.append(one)
        elif one.name == "ARG":
            key, _, value = one.text.partition("=")
            arguments[key] = value
        else:
            raise DockerfileError(f"line {one.line}: {one.name} before FROM")
    if not heads:
        raise DockerfileError("no FROM")
    for head, inside in zip(heads, bodies, strict=True):
        words = head.words
        if len(words) not in {1, 3} or (len(words) == 3 and words[1].upper() != "AS"):
            raise DockerfileError(f"line {head.line}: FROM IMAGE [AS NAME]")
        base = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], words[0])
        stages.append(Stage(base=base, alias=words[2] if len(words) == 3 else None, instructions=tuple(inside)))
    return Dockerfile(path=path, stages=tuple(stages))
