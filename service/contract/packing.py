"""Records as Redis keeps them: compressed, and of a result nothing twice.

A result says its text three times: by segment, by paragraph and as a whole. Kept are the segments, and what stands between
them. The first byte of a packed result says which form it is:

    0x01    raw deflate, with `_DICTIONARY`, of lines: the frame, the rest, the sources and the targets of all segments
    0x78    zlib of the result's JSON itself, as versions before 0.2 wrote it, and what has no frame is still kept

Sources and targets are JSON without its quotes, which has no line ends. `rest` is the result's JSON behind its translation.
The frame is JSON: [title, gaps of the text, paragraphs, flags]. A paragraph is [number of segments, gaps of the source, gaps
of the target]; `flags` has those of the segments that have any, by number. The gaps of a whole that consists of parts are a
list of what stands before, between and after them, or 0 where that is nothing, single spaces, and nothing. A whole that does
not consist of its parts stands for itself.
"""

import json
import zlib
from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

#: Starts a result in the form of lines.
_LINES = b"\x01"

#: Compression: level 9 takes little longer than 6, once in a job's life.
_LEVEL = 9

#: What results have in common, the most common last. Part of the form 0x01: another one needs another first byte.
_DICTIONARY = (
    b'"code":"number_missing","paragraph":,"segment":,"detail":""abstractive""flags":["already_english"]["selected"]'
    b'],"coverage":{"segments_read":1,"segments_total":1,"chunks":0,"rounds":0,"reduced":true}},"coverage":{"segments_in":'
    b',"segments_out":,"characters_in":,"truncated":false},"warnings":[],"models":{"translator":{"id":"bundled","revision":"'
    b'"},"summarizer":null},"timings":{"queued_s":0.0,"translate_s":,"summarize_s":0.0}}'
    b'"summary":{"mode":"extractive","method":"encoder-centrality","text":"","sentences":[{"text":"","evidence":[[0,0]],'
    b'"support":1.0,"flags":[]},{"text":"'
)

#: What stands between the parts of a whole: a list, 0, or the whole itself.
Gaps = list[str] | str | int


def pack_text(data: bytes) -> bytes:
    """Any record, compressed."""
    return zlib.compress(data, level=_LEVEL)


def unpack_text(data: bytes) -> bytes:
    """The inverse of `pack_text`. Raises `zlib.error`."""
    return zlib.decompress(data)


def pack_result(data: bytes) -> bytes:
    """The JSON of a result, as the record keeps it. `unpack_result` gives back each byte of it."""
    try:
        lines = _take_apart(data)
        if _put_together(lines) == data:
            press = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS, zdict=_DICTIONARY)
            return _LINES + press.compress(lines) + press.flush()
    except (ValueError, LookupError, TypeError, AttributeError):
        pass  # JSON, but not what `Result.to_json` writes
    return pack_text(data)


def unpack_result(data: bytes) -> bytes:
    """The inverse of `pack_result`. Raises `zlib.error` or ValueError for what it did not make."""
    if not data.startswith(_LINES):
        return unpack_text(data)
    press = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=_DICTIONARY)
    return _put_together(press.decompress(data[len(_LINES) :]) + press.flush())


def _take_apart(data: bytes) -> bytes:
    """The lines of a result's JSON. Raises ValueError, LookupError, TypeError or AttributeError where it is no result's."""
    translation = json.loads(data)["translation"]
    paragraphs = translation["paragraphs"]
    segments = [segment for paragraph in paragraphs for segment in paragraph["segments"]]
    frame = [
        translation["title"],
        _gaps(translation["text"], [paragraph["target"] for paragraph in paragraphs]),
        [[len(paragraph["segments"]), *_gaps_of(paragraph)] for paragraph in paragraphs],
        {number: segment["flags"] for number, segment in enumerate(segments) if segment["flags"]},
    ]
    head = b'{"translation":' + _dump(translation) + b","
    if not data.startswith(head):
        raise ValueError("the JSON is in another order")
    bodies = [_body(segment[side]) for side in ("source", "target") for segment in segments]
    return b"\n".join([_dump(frame), data[len(head) :], *bodies])


def _put_together(lines: bytes) -> bytes:
    """The inverse of `_take_apart`. Raises ValueError where it is not."""
    frame, rest, *bodies = lines.split(b"\n")
    title, text_gaps, places, flags = json.loads(frame)
    half = len(bodies) // 2
    sources, targets = bodies[:half], bodies[half:]
    flagged: list[bytes] = [b"[]"] * half
    for number, codes in flags.items():
        flagged[int(number)] = _dump(codes)
    paragraphs, wholes, end = [], [], 0
    for count, source_gaps, target_gaps in places:
        start, end = end, end + count
        source, target = _join(source_gaps, sources[start:end]), _join(target_gaps, targets[start:end])
        parts = zip(sources[start:end], targets[start:end], flagged[start:end], strict=True)
        segments = b",".join([b'{"source":"%b","target":"%b","flags":%b}' % part for part in parts])
        paragraphs.append(b'{"source":"%b","target":"%b","segments":[%b]}' % (source, target, segments))
        wholes.append(target)
    head = b'{"translation":{"title":%b,"text":"%b","paragraphs":[' % (_dump(title), _join(text_gaps, wholes))
    return b"".join([head, b",".join(paragraphs), b"]},", rest])


def _gaps_of(paragraph: dict[str, Any]) -> list[Gaps]:
    return [
        _gaps(paragraph[side], [segment[side] for segment in paragraph["segments"]]) for side in ("source", "target")
    ]


def _gaps(whole: str, parts: Sequence[str]) -> Gaps:
    gaps, end = [], 0
    for part in parts:
        start = whole.find(part, end)
        if start < 0:
            return whole
        gaps.append(whole[end:start])
        end = start + len(part)
    gaps.append(whole[end:])
    return 0 if len(parts) > 0 and gaps == ["", *repeat(" ", len(parts) - 1), ""] else gaps


def _join(gaps: Gaps, parts: Sequence[bytes]) -> bytes:
    if gaps == 0:
        return b" ".join(parts)
    if isinstance(gaps, str):
        return _body(gaps)
    if isinstance(gaps, list):
        return b"".join(chain.from_iterable(zip(map(_body, gaps), [*parts, b""], strict=True)))
    raise ValueError("no gaps")


def _body(text: str) -> bytes:
    """A string as JSON, without its quotes: such bodies can be put one behind the other."""
    return _dump(text)[1:-1]


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
