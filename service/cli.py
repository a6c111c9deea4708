"""The `depeche` command: web, submit, status, list, cancel, keys."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.commands.deliver import deliver
from service.commands.failure import Failed
from service.commands.keys import keys
from service.contract.settings import SettingsError
from service.contract.states import JobState

if TYPE_CHECKING:  # `web` must not import what gevent has to patch first
    from service.client import Client


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Translates French articles into English, with a summary. Settings: DEPECHE_ variables, see the README."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that is not UTF-8 must not break the printing of a result
        sys.stdout.reconfigure(errors="backslashreplace")


@main.command()
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (8000); 0 takes a free one.")
@click.option("--processes", type=int, help="Processes that answer requests (2).")
def web(host: str | None, port: int | None, processes: int | None) -> None:
    """Runs the front end until a signal stops it."""
    from service.server import ServerError, serve
    from service.settings import Settings

    try:
        serve(Settings.load(host=host, port=port, processes=processes))
    except (SettingsError, ServerError) as error:
        raise Failed(str(error)) from None


_url = click.option(
    "--url", envvar="DEPECHE_URL", default="http://127.0.0.1:8000", show_default=True, help="Address of the front end."
)


_key = click.option(
    "--key",
    envvar="DEPECHE_API_KEY",
    show_envvar=True,
    help="API key, where the front end demands one. Others on this machine can see command lines: better use the variable.",
)


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print the whole job as JSON; an array for several files.")
@click.option("--summary", is_flag=True, help="Print the summary alone.")
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files into this folder.")
@click.option("--max-words", type=int, metavar="N", help="Most words of the summary (100).")
@click.option(
    "--format",
    type=click.Choice(["text", "markdown", "html"]),
    help="What the files are written in; without it .md and .html tell it.",
)
@_url
@_key
def submit(
    files: tuple[str, ...],
    as_json: bool,
    summary: bool,
    output: Path | None,
    max_words: int | None,
    format: str | None,
    url: str,
    key: str | None,
) -> None:
    """Translates French files in UTF-8: text, Markdown, HTML; - is standard input. Exits with 0 if all succeeded."""
    from service.commands.submission import run_submission

    with _client(url, key) as client:
        try:
            status = run_submission(
                client,
                files,
                json=as_json,
                summary=summary,
                output=output,
                max_words=max_words,
                format=format,
                stdout=sys.stdout,
                stderr=sys.stderr,
            )
        except KeyboardInterrupt:
            status = 130
    sys.exit(status)


@main.command()
@click.argument("job_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the whole job as JSON.")
@_url
@_key
def status(job_id: str, as_json: bool, url: str, key: str | None) -> None:
    """Says how far a job is."""
    with _client(url, key) as client, _one_line():
        job = client.get(job_id)
    if as_json:
        click.echo(json.dumps(dict(job.raw), ensure_ascii=False, indent=2))
        return
    running = f" ({job.stage}, {job.done} of {job.total} segments)" if job.stage and job.total else ""
    failed = f" ({job.error[0]}): {job.error[1]}" if job.error else ""
    click.echo(f"{job.state}{running}{failed}")


@main.command("list")
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most jobs.")
@click.option("--json", "as_json", is_flag=True, help="Print the jobs as JSON, one a line.")
@_url
@_key
def list_jobs(state: str | None, limit: int, as_json: bool, url: str, key: str | None) -> None:
    """Lists your own jobs, newest first: id, state, when they were submitted, what went wrong."""
    with _client(url, key) as client, _one_line():
        for job in islice(client.jobs(state=state), limit):
            if as_json:
                click.echo(json.dumps(dict(job.raw), ensure_ascii=False))
            else:
                code = f"  {job.error[0]}" if job.error else ""
                click.echo(f"{job.id}  {job.state:<9}  {job.raw['created_at']}{code}")


@main.command()
@click.argument("job_id", metavar="ID")
@_url
@_key
def cancel(job_id: str, url: str, key: str | None) -> None:
    """Cancels a job that has not ended. Leaves one alone that has."""
    with _client(url, key) as client, _one_line():
        job = client.get(job_id)
        if job.state.ended:
            raise Failed(f"the job has already ended: {job.state}")
        client.delete(job_id)
    click.echo("cancelled")


main.add_command(deliver)
main.add_command(keys)


def _client(url: str, key: str | None) -> "Client":
    from service.client import Client

    with _one_line():
        return Client(url, key=key or None)


@contextmanager
def _one_line() -> Iterator[None]:
    """Errors of the client as one line."""
    from service.client import ClientError

    try:
        yield
    except ClientError as error:
        raise Failed(str(error)) from None


if __name__ == "__main__":
    main()
