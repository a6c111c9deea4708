"""English sentences: counting their words, telling finished ones, splitting and cutting them."""

import re

#: Stands where a sentence was cut.
ELLIPSIS = "…"

#: What can follow a sentence's last mark: quotes and brackets that close.
_CLOSERS = r"[\"'”’»)\]\s]*"
_FINISHED = re.compile(rf"[.!?…]{_CLOSERS}$")
# Possessive, and never begun within a run of marks: linear time on any text.
_BOUNDARY = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++(?=[\"'“‘«(\[]*\s?[A-ZÀ-ÖØ-Þ0-9])|\n+")
_CLAUSE = re.compile(r"(?:[,;:]|\s[–—-])(?=\s)|—")
_DASHES = frozenset("–—-")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“'])"
    r"(?:[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Gen|Gov|Sen|Rep|Lt|Col|Capt|Sgt|Rev|Hon|Pres|vs|"
    r"No|Nos|Fig|Vol|Art|pp?|ed|approx|ca?|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
#: After "U.S." or "p.m." these words open a new sentence; another capital belongs to the same one.
_OPENERS = re.compile(
    r"(?:The|An?|He|She|It|They|We|I|You|This|That|These|Those|In|On|At|But|And|However|After|Before|When|While|His|Her"
    r"|Their|Its|There)\b"
)
_DOTTED = re.compile(r"(?:[A-Za-z]\.){2,}$")

#: A cut at a clause end keeps at least this many words; a shorter clause says nothing ("However, ...").
MIN_CLAUSE_WORDS = 5
#: No word of a cut sentence counts for more characters than this; a longer one is not a word but data.
MAX_WORD_CHARACTERS = 50


def count_words(text: str) -> int:
    """The words of a text: what whitespace separates, as `wc -w` counts.

    A lone dash or "***" counts too. So a text within a limit here is within it by any narrower definition of a word.
    """
    return len(text.split())


def has_words(text: str) -> bool:
    """Whether there is a letter in the text: without one there is nothing to read ("***", "12 - 34")."""
    return any(character.isalpha() for character in text)


def is_finished(text: str) -> bool:
    """Whether the text ends as a sentence does: a full stop, a question or exclamation mark or an ellipsis."""
    return _FINISHED.search(text[-20:]) is not None


def squeeze(text: str) -> str:
    """The text with each run of whitespace made one space, and none at its ends."""
    return " ".join(text.split())


def split_sentences(text: str) -> list[str]:
    """Splits English text into sentences by rule, in linear time; joined by spaces they give the squeezed text.

    A boundary is a final mark before a capital or a digit, unless an abbreviation or an initial carries the mark, or a
    line end. Meant for what a summariser writes; the article itself comes already segmented.
    """
    sentences: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if "\n" not in match.group() and _carries_abbreviation(text, start, match):
            continue
        sentences.append(squeeze(text[start : match.end()]))
        start = match.end()
    sentences.append(squeeze(text[start:]))
    return [sentence for sentence in sentences if sentence]


def _carries_abbreviation(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group().rstrip()
    if mark != ".":
        return False
    before = text[max(start, match.start() - 20) : match.start() + 1]
    if _ABBREVIATION.search(before) is None:
        return False
    if _DOTTED.search(before):
        return _OPENERS.match(text, match.end()) is None
    return True


def cut_sentence(text: str, max_words: int) -> str:
    """The beginning of a sentence, of at most `max_words` words, ending in an ellipsis.

    Ends at the last clause end (comma, semicolon, colon, dash) that fits and leaves `MIN_CLAUSE_WORDS` words or half of
    the limit, whichever is less; else after the last word that fits. Nothing is added but the ellipsis. A text that
    fits comes back squeezed and whole, unless it is longer than words can be (`MAX_WORD_CHARACTERS` each).
    """
    words = text.split()
    longest = max_words * MAX_WORD_CHARACTERS
    kept = " ".join(words[:max_words])
    if len(words) <= max_words and len(kept) <= longest:
        return kept
    kept = kept[:longest].rstrip()
    least = min(MIN_CLAUSE_WORDS, max(1, max_words // 2))
    # A clause may end with the last word: at its own comma, or at the dash that would follow.
    following = words[max_words] if len(words) > max_words and words[max_words] in _DASHES else ""
    clause = None
    for match in _CLAUSE.finditer(f"{kept} {following} "):
        if count_words(kept[: match.start()]) >= least:
            clause = match.start()
    if clause is not None:
        kept = kept[:clause]
    return kept.rstrip(" ,;:–—-.…") + ELLIPSIS
