"""How often the rules about sentences are right, in Markdown: those that lean on others, and those with wrong facts."""

from collections.abc import Sequence

from scripts.lab.summaries import systems
from scripts.lab.summaries.articles import Article
from scripts.lab.summaries.corruption import Check, run_checks
from scripts.lab.summaries.scores import LIMITS
from scripts.lab.summaries.systems import System, Text
from worker.summary.evidence import EvidenceIndex
from worker.summary.leaning import leans
from worker.summary.sentences import split_sentences
from worker.summary.verification import MIN_SUPPORT

_SYSTEMS: dict[str, System] = {
    "first sentences that fit": systems.first_that_fit,
    "TF-IDF LexRank": systems.lexrank,
    "ours, leaning sentences like others": systems.ours_unchained,
    "ours": systems.ours,
}


def leaning_marks(article: Article) -> list[bool]:
    """For each sentence whether it leans on what was said before, as its reader marked it; by rule without marks."""
    sentences = article.sentences(vectors=False)
    if article.leaning:
        return [sentence.place in article.leaning for sentence in sentences]
    return [leans(sentence.target) for sentence in sentences]


def hangs(text: Text, marks: Sequence[bool]) -> bool:
    """Whether a sentence of the summary leans on one that is not before it in the summary."""
    return any(marks[order] and order - 1 not in text.orders for order in text.orders)


def leaning_table(french: Sequence[Article], english: Sequence[Article]) -> str:
    """What the rule finds of what a reader marked, and how many summaries hang in the air."""
    lines = ["| sentences that lean | marked | found | right of those found |", "| --- | ---: | ---: | ---: |"]
    for name, tuning in (("tuning half", True), ("held-out half", False)):
        pairs = [
            (sentence.place in article.leaning, leans(sentence.source) or leans(sentence.target))
            for article in french
            if article.tuning is tuning
            for sentence in article.sentences(vectors=False)
        ]
        both = sum(marked and said for marked, said in pairs)
        marked, said = (sum(column) for column in zip(*pairs, strict=True))
        lines.append(f"| {name} | {marked} | {100 * both / marked:.0f} % | {100 * both / said:.0f} % |")
    columns = [
        (name, limit) for name, articles in (("French", french), ("English", english)) if articles for limit in LIMITS
    ]
    head = "| summaries with a sentence that hangs in the air |"
    head += "".join(f" {name}, {limit} words |" for name, limit in columns)
    lines += ["", head, "| --- |" + " ---: |" * len(columns)]
    for label, system in _SYSTEMS.items():
        cells = []
        for articles in (french, english):
            for limit in LIMITS if articles else ():
                count = sum(hangs(system(article, limit)[0], leaning_marks(article)) for article in articles)
                cells.append(f" {count} of {len(articles)} |")
        lines.append(f"| {label} |" + "".join(cells))
    return "\n".join(lines)


def facts_table(articles: Sequence[Article]) -> str:
    """How often the check of facts speaks up, for right sentences and for wrong ones."""
    checks = run_checks(articles)
    wrong = [check for check in checks if check.kind in ("number", "name", "day or month")]
    right = [check for check in checks if check.kind == "nothing"]
    flagged = [check for check in (*wrong, *right) if check.unsupported]
    caught = sum(bool(check.unsupported) for check in wrong)
    lines = ["| what is wrong in the sentence | sentences | flagged |", "| --- | ---: | ---: |"]
    lines += [
        _row(kind, [check for check in checks if check.kind == kind]) for kind in dict.fromkeys(c.kind for c in checks)
    ]
    lines += [
        "",
        f"Recall {100 * caught / len(wrong):.1f} %, precision {100 * caught / max(1, len(flagged)):.1f} % where "
        f"{len(wrong)} sentences are wrong and {len(right)} right (without the kind *own number*).",
        "",
        "Right sentences that are flagged:",
        "",
        *(f"- {', '.join(check.unsupported)}: {check.text}" for check in right if check.unsupported),
    ]
    return "\n".join(lines)


def _row(kind: str, checks: Sequence[Check]) -> str:
    flagged = sum(bool(check.unsupported) for check in checks)
    return f"| {kind} | {len(checks)} | {flagged} ({100 * flagged / len(checks):.1f} %) |"


def support_table(articles: Sequence[Article]) -> str:
    """How many sentences a strict summary would replace for want of support, right ones and those about something else."""
    own: list[float] = []
    foreign: list[float] = []
    for article in articles:
        index = EvidenceIndex(article.sentences(vectors=False))
        for other in articles:
            supports = [index.trace(text)[1] for reference in other.references for text in split_sentences(reference)]
            (own if other is article else foreign).extend(supports)
    lines = [f"| sentences of references | number | support under {MIN_SUPPORT} |", "| --- | ---: | ---: |"]
    for name, supports in (("the article's own", own), ("those of other articles", foreign)):
        low = sum(support < MIN_SUPPORT for support in supports)
        lines.append(f"| {name} | {len(supports)} | {100 * low / len(supports):.1f} % |")
    return "\n".join(lines)
