"""`depeche submit`: the options, and where a run is remembered."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.commands.failure import ExitStatus, Failed, ShutOut
from service.commands.server import open_async_client, open_client, reaching_a_server
from service.commands.sources import find_sources, means_several, place

if TYPE_CHECKING:  # `web` must not import what gevent has to patch first
    from service.client import ArticleOptions
    from service.commands.journal import Journal
    from service.commands.plan import Plan

#: How often a request is sent again in the middle of a run: for twenty seconds and more.
_RETRIES = 8

#: How often it is tried whether anybody is there at all.
_FIRST_RETRIES = 4


@click.command(
    epilog="Exit status: 0 all succeeded, 1 an article failed, 2 wrong usage, 3 nobody answers or the key is refused, "
    "130 interrupted. The same command goes on with a run that was interrupted (docs/command-line.md)."
)
@click.argument("articles", nargs=-1, required=True, metavar="ARTICLE...", type=click.Path(allow_dash=True))
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files into this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole job as JSON; an array for several articles.")
@click.option("--summary", is_flag=True, help="Print or write the summary alone.")
@click.option("--no-summary", is_flag=True, help="Ask for no summary.")
@click.option("--max-words", type=int, metavar="N", help="Most words of the summary (100).")
@click.option("--title", help="The title of the article, which is translated too. For one article.")
@click.option(
    "--format",
    type=click.Choice(["text", "markdown", "html"]),
    help="What the articles are written in; without it .md and .html tell it, and pages become Markdown.",
)
@click.option(
    "--glossary",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="French terms and the English that they must become: a line French = English for each, or .json.",
)
@click.option("--keep", multiple=True, metavar="TERM", help="A term that stays as it is. May be given several times.")
@click.option("--force", is_flag=True, help="Translate what does not look French, too.")
@click.option(
    "--wait/--no-wait", default=True, help="Wait for the results (default), or print the jobs' ids and leave."
)
@click.option("--callback-url", metavar="URL", help="Have this address told of the end of each job (webhooks).")
@click.option("--in-flight", type=click.IntRange(1, 500), default=64, show_default=True, help="Jobs at once.")
@click.option("--again", is_flag=True, help="Begin anew, whatever an earlier run has done.")
@click.option("--cancel-on-interrupt", is_flag=True, help="Cancel on Ctrl-C what the server has not finished.")
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@reaching_a_server
def submit(
    articles: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    summary: bool,
    no_summary: bool,
    max_words: int | None,
    title: str | None,
    format: str | None,
    glossary: Path | None,
    keep: tuple[str, ...],
    force: bool,
    callback_url: str | None,
    wait: bool,
    in_flight: int,
    again: bool,
    cancel_on_interrupt: bool,
    quiet: bool,
    url: str,
    key: str | None,
) -> None:
    """Translates French articles.

    ARTICLE is a file in UTF-8 (text, Markdown, HTML), a directory with such files, a pattern such as 'news/**/*.md', the
    address of a page, or - for standard input.
    """
    several = means_several(articles)
    if title is not None and several:
        raise click.UsageError("--title is for one article")
    if summary and no_summary:
        raise click.UsageError("--summary and --no-summary exclude each other")
    options: ArticleOptions = {"title": title, "max_words": max_words, "force": force, "callback_url": callback_url}
    options["summary"] = "none" if no_summary else None
    options["glossary"] = _terms(glossary) if glossary is not None else None
    options["keep"] = list(keep) or None
    try:
        _reach(url, key)
        sources = find_sources(articles)
        with _journal(output, [articles, options, format, summary, url], again=again) as journal:
            from service.commands.plan import Plan

            plan = Plan(
                sources=place(sources, output, journal.files()) if output is not None else sources,
                several=several,
                json=as_json,
                summary_only=summary,
                output=output,
                wait=wait,
                quiet=quiet,
                cancel=cancel_on_interrupt,
                in_flight=in_flight,
                format=format,
                article=options,
            )
            sys.exit(_run(plan, journal, url, key))
    except KeyboardInterrupt:
        sys.exit(ExitStatus.INTERRUPTED)


def _terms(path: Path) -> dict[str, Any]:
    from service.commands.terms import GlossaryError, read_glossary

    try:
        return read_glossary(path)
    except GlossaryError as error:
        raise click.UsageError(str(error)) from None


def _run(plan: "Plan", journal: "Journal", url: str, key: str | None) -> int:
    from service.commands.submission import run_submission

    async def work() -> int:
        client = open_async_client(url, key, retries=_RETRIES, wait_for_room=False)
        run = asyncio.ensure_future(run_submission(plan, client, journal, stdout=sys.stdout, stderr=sys.stderr))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.cancel)
        return await run

    try:
        return asyncio.run(work())
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


def _reach(url: str, key: str | None) -> None:
    """Fails where nobody is there, before anything is read."""
    from service.client import ApiError, Unreachable

    with open_client(url, key, retries=_FIRST_RETRIES) as client:
        try:
            client.alive()
        except Unreachable as error:
            raise ShutOut(str(error)) from None
        except ApiError:
            pass


def _journal(output: Path | None, arguments: object, *, again: bool) -> "Journal":
    from platformdirs import user_state_path

    from service.commands.journal import NAME, Journal, JournalBusy, path_for

    if output is None:
        try:
            return Journal(path_for(user_state_path("depeche", appauthor=False), arguments), again=again)
        except (JournalBusy, OSError):  # it can't be gone on with, that is all
            return Journal()
    try:
        output.mkdir(parents=True, exist_ok=True)
        return Journal(output / NAME, folder=output, again=again)
    except JournalBusy:
        raise Failed(f"another run writes into {output}") from None
    except OSError as error:
        raise Failed(f"{error.filename or output}: {error.strerror}") from None
