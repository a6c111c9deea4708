"""Cuts the body of a batch into its articles while it arrives, so that no more than one of them is ever held as bytes."""

import re
from typing import Protocol

#: The rest of a string, up to its end or the end of what has arrived.
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)

#: What JSON is built of outside of strings, as far as it matters where an element begins and ends.
_MARK = re.compile(rb'["\[\]{},]')

#: Bytes before a bracket in which the name of its array is looked for.
_BEFORE = 80


class Cutter(Protocol):
    """Takes the bytes of a body as they come and gives the articles that are complete."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The articles that this chunk completes."""

    def finish(self) -> list[bytes]:
        """The article that the end of the body completes, if any."""


class LineCutter:
    """Articles of a body that has one on each line that is not blank."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that end in this chunk."""
        *ends, rest = chunk.split(b"\n")
        lines = []
        for end in ends:
            self._line += end
            lines.append(bytes(self._line))
            self._line.clear()
        self._line += rest
        return [line for line in lines if line.strip()]

    def finish(self) -> list[bytes]:
        """A last line without an end."""
        return [bytes(self._line)] if self._line.strip() else []


class ArrayCutter:
    """The elements of the array that a member of the outermost object holds, by the member's name.

    It looks for strings, brackets and commas and for nothing else: whether the elements and `rest`, the object without them,
    are JSON is for a parser to say. An array that it does not recognise, such as one whose name is written with escapes, stays
    in `rest`.
    """

    def __init__(self, name: str) -> None:
        self._array = re.compile(rb'"%b"\s*+:\s*+\Z' % re.escape(name.encode()))
        self._rest, self._element = bytearray(), bytearray()
        self._depth = 0
        self._in_array = self._in_string = self._escaped = self._any = False

    @property
    def rest(self) -> bytes:
        """The body without the elements."""
        return bytes(self._rest)

    def feed(self, chunk: bytes) -> list[bytes]:
        """The elements that end in this chunk; a blank one where there is nothing before or behind a comma."""
        found: list[bytes] = []
        place = start = 0
        while place < len(chunk):
            if self._in_string:
                place = self._pass_string(chunk, place)
                continue
            mark = _MARK.search(chunk, place)
            if mark is None:
                break
            place = mark.end()
            match mark.group():
                case b'"':
                    self._in_string = True
                case b"[" | b"{" as bracket:
                    self._depth += 1
                    if (
                        bracket == b"["
                        and self._depth == 2
                        and not self._in_array
                        and self._is_wanted(chunk, start, place)
                    ):
                        self._rest += chunk[start:place]
                        self._in_array, self._any, start = True, False, place
                case b",":
                    if self._in_array and self._depth == 2:
                        found.append(self._cut(chunk[start : place - 1]))
                        start = place
                case _:
                    self._depth -= 1
                    if self._in_array and self._depth == 1:
                        self._element += chunk[start : place - 1]
                        if self._any or self._element.strip():
                            found.append(self._cut(b""))
                        self._in_array, start = False, place - 1
        (self._element if self._in_array else self._rest).extend(chunk[start:])
        return found

    def finish(self) -> list[bytes]:
        """Nothing: an array that is not closed leaves a `rest` that is no JSON."""
        return []

    def _pass_string(self, chunk: bytes, place: int) -> int:
        """Where the string, or the chunk, ends."""
        if self._escaped:
            self._escaped = False
            place += 1
        match = _STRING.match(chunk, place)
        end = match.end() if match else place
        if end < len(chunk):
            # A quotation mark ends it; a backslash is the last byte of the chunk, and what it escapes is still to come.
            self._escaped = chunk[end : end + 1] == b"\\"
            self._in_string = self._escaped
        return end + 1

    def _is_wanted(self, chunk: bytes, start: int, place: int) -> bool:
        before = chunk[max(start, place - 1 - _BEFORE) : place - 1]
        if len(before) < _BEFORE:
            before = bytes(self._rest[len(before) - _BEFORE :]) + before
        return self._array.search(before) is not None

    def _cut(self, end: bytes) -> bytes:
        element = bytes(self._element + end)
        self._element.clear()
        self._any = True
        return element
