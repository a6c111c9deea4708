"""A result with all that the page has to show: several paragraphs, a title, warnings, a summary with evidence and remarks."""

import httpx2

from service.contract.result import (
    Coverage,
    Model,
    Models,
    Paragraph,
    Result,
    Segment,
    Summary,
    SummaryCoverage,
    SummarySentence,
    Timings,
    Translation,
    Warning,
)
from tests.integration.service.front_end import work
from tests.ledger import WholeLedger

#: The article of `rich_result`, and its title.
ARTICLE = "Il pleut. Le pont a coûté 300 euros.\n\nIt is late. Le maire est parti.\n"
TITLE = "Un pont"


def rich_result() -> bytes:
    """The result for `ARTICLE` with `TITLE`: a number is missing in 0.1, 1.0 was English already."""
    paragraphs = [
        _paragraph(
            ("Il pleut.", "It rains.", []),
            ("Le pont a coûté 300 euros.", "The bridge had a price.", ["number_missing"]),
        ),
        _paragraph(
            ("It is late.", "It is late.", ["already_english"]), ("Le maire est parti.", "The mayor has left.", [])
        ),
    ]
    return Result(
        translation=Translation(
            title="A bridge",
            text="It rains. The bridge had a price.\n\nIt is late. The mayor has left.\n",
            paragraphs=paragraphs,
        ),
        summary=_summary(),
        coverage=Coverage(
            segments_in=5, segments_out=5, characters_in=len(ARTICLE), truncated=False, segments_repaired=1
        ),
        warnings=[
            Warning(code="number_missing", paragraph=0, segment=1, detail="300"),
            Warning(code="name_missing", paragraph=None, segment=0, detail="Pont"),
        ],
        models=Models(translator=Model(id="test", revision="1"), summarizer=None),
        timings=Timings(queued_s=0.0, translate_s=1.5, summarize_s=0.3),
    ).to_json()


def _paragraph(*segments: tuple[str, str, list[str]]) -> Paragraph:
    return Paragraph(
        source=" ".join(source for source, _, _ in segments),
        target=" ".join(target for _, target, _ in segments),
        segments=[Segment(source=source, target=target, flags=flags) for source, target, flags in segments],
    )


def _summary() -> Summary:
    sentences = [
        SummarySentence(text="It rains.", evidence=[(0, 0)], support=1.0),
        SummarySentence(
            text="The mayor paid 500.",
            evidence=[(0, 1), (1, 1)],
            support=0.5,
            flags=["unsupported"],
            unsupported=["500"],
        ),
    ]
    return Summary(
        mode="abstractive",
        method="test",
        text="It rains. The mayor paid 500.",
        sentences=sentences,
        coverage=SummaryCoverage(segments_read=4, segments_total=4, chunks=1, rounds=1, reduced=True),
    )


def submit_and_translate(http: httpx2.Client, store: WholeLedger) -> str:
    """The id of a job that has ended with `rich_result`."""
    job = {"text": ARTICLE, "title": TITLE, "metadata": {"name": TITLE}}
    job_id: str = http.post("/v1/jobs", json=job).json()["id"]
    work(store, job_id, rich_result())
    return job_id
