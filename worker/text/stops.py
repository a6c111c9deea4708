"""Patterns of the stops of a text, of what stands around them, and of the words before and after them.

Those that run over a text of any length have possessive quantifiers, which keep the time linear; the others are given a
few dozen characters.
"""

from __future__ import annotations

import re

from worker.text.abbreviations import NUMBERED as NUMBERED_WORDS

#: A blank that may stand before or after a mark.
SPACE = r"[ \t\u00a0\u2009\u202f]"
#: Emoji of feeling, which comment on what precedes: flags, confetti, cups, fire, hands, hearts, faces. Others are bullets
#: and pointers as often as not.
EMOJI = (
    "(?:[\U0001f1e6-\U0001f1ff\U0001f388-\U0001f38a\U0001f3c5\U0001f3c6\U0001f44a-\U0001f450\U0001f493-\U0001f49f"
    "\U0001f4aa\U0001f4af\U0001f525\U0001f600-\U0001f64f\U0001f90c-\U0001f93e\U0001f947-\U0001f949"
    "\U0001f970-\U0001f97a\U0001fae0-\U0001faf8\u263a\u2639\u2665\u2728\u2764][\ufe0f\u200d\U0001f3fb-\U0001f3ff]*+)"
)
#: A stop (`stop`, or `wide` in other scripts) and what belongs to it (`tail`): closing marks, notes, a short bracket, emoji.
STOP = re.compile(
    rf"""
    (?P<wide> [。！？｡؟۔।]++ [」』）»”")]*+ )
    |
    (?P<stop> [.!?…‼⁇⁈⁉‽]++ (?: {SPACE}{{0,2}}+ (?: [!?…‼⁇⁈⁉‽]++ | \.{{2,}}+ ) )*+ )
    (?P<tail> (?: {SPACE}{{0,2}}+ [»›”] | ["’')\]] | \[\d{{1,3}}\] | [¹²³⁰⁴-⁹]++ )*+
              (?: {SPACE} \( (?! (?:\d{{1,2}}|[a-z]) \) ) [^().!?…]{{1,40}} \) (?! {SPACE}* [.,;:!?…] ) )?
              (?: {SPACE}{{0,2}}+ {EMOJI}++ )*+ )
    """,
    re.VERBOSE,
)
#: What may stand before the first word of a sentence.
OPENING = re.compile(
    r"""
    (?: \((?:\d{1,2}|[a-z])\) \s++
      | [\[(](?:…|\.\.\.)[\])] \s*+
      | [«“„‹"'‘’(\[「『¿¡•*\#@] \s*+
      | [–—―] \s*+ | --++ \s*+ | - \s++
    )*+
    """,
    re.VERBOSE,
)
WORD = re.compile(r"[^\W_]+")
#: Before a stop: its word, initials (``J.-C``), the number or letter of an item, ``Art. 3``, a speaker, ``Éric``.
LAST_WORD = re.compile(r"[^\s«“„\"(\[’'/]*\Z")
INITIALS = re.compile(r"(?:[^\W\d_]\.?-?)*[^\W\d_]\Z")
MARKER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[IVXLC]{1,5}|[^\W\d_])\Z")
NUMBERED = re.compile(
    rf"(?:{'|'.join(sorted(NUMBERED_WORDS))})\.?{SPACE}?"
    rf"(?:[LRDA]\.?{SPACE}?)?(?:\d++(?:-\d++)*+(?:er|re|e)?(?:{SPACE}(?:bis|ter))?|[IVXLC]++(?:er)?)\Z"
)
SPEAKER = re.compile(
    r"(?:(?:M|Mme)\.?\s(?:le|la)\s[\w-]++(?:\s[\w-]++)?+|L[ea]\sprésidente?"
    r"|(?:(?:M|Mme|Me|Dr)\.?\s)?[^\W\d_a-zà-ÿ][\w'’-]++(?:\s[^\W\d_a-zà-ÿ][\w'’-]++){1,3}+)\Z"
)
FORENAME = re.compile(r"(?<![^\s«“(\"'’-])[A-ZÀ-ÖØ-Þ][\w-]*[a-zà-ÿ]\Z")
#: After a stop: a Roman numeral, the minutes of a time, tags to the end, an adverb, ``b)``, ``iPhone``, a word.
ROMAN = re.compile(r"[IVXLC]++(?=[,.;)])|[IVXLC]{2,}+(?![\w'’])")
CLOCK = re.compile(rf"\d{{1,2}}(?!\d)(?={SPACE}?(?:min|mn|s|sec)\b|{SPACE}?[.,;:)]|\Z)")
TAGS = re.compile(r"(?:[#@]\w++\s*+)++\Z")
ADVERB = re.compile(r"\w{4,}(?:[eiu]|am|em)ment\Z")
LIST_LETTER = re.compile(r"[a-z]\)")
CAMEL = re.compile(r"[a-z]{1,2}[A-Z]")
FOLLOWING = re.compile(r"([^\W\d_]+)(['’]?)[\s\u00a0]*([^\W\d_]?)")
