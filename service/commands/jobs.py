"""`depeche status`, `list`, `show` and `cancel`: jobs that were submitted before."""

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from service.commands.completion import complete_job
from service.commands.failure import ExitStatus, Failed, ShutOut
from service.commands.server import is_shut_out, one_line, open_client, reaching_a_server
from service.contract.states import JobState

if TYPE_CHECKING:  # `web` must not import what gevent has to patch first
    from service.client import Client, JobView
    from service.commands.printers import FileWriter

#: Most characters of a name that a list shows.
_SHOWN = 60

_ids = click.argument("job_ids", nargs=-1, required=True, metavar="ID...", shell_complete=complete_job)


@click.command()
@_ids
@click.option("--wait", is_flag=True, help="Wait until the jobs have ended; exit with 1 unless all succeeded.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole jobs as JSON, one a line for several.")
@reaching_a_server
def status(job_ids: tuple[str, ...], wait: bool, as_json: bool, url: str, key: str | None) -> None:
    """Says how far jobs are."""
    ended = ExitStatus.SUCCEEDED
    with open_client(url, key) as client:
        for job_id, job in _each(client, job_ids, wait=wait):
            if job is None:
                ended = ExitStatus.FAILED
                continue
            if as_json:
                click.echo(json.dumps(dict(job.raw), ensure_ascii=False, indent=None if len(job_ids) > 1 else 2))
            else:
                click.echo((f"{job_id}  " if len(job_ids) > 1 else "") + _described(job))
            if wait and job.state is not JobState.SUCCEEDED:
                ended = ExitStatus.FAILED
    sys.exit(ended)


@click.command("list")
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most jobs.")
@click.option("--json", "as_json", is_flag=True, help="Print the jobs as JSON, one a line.")
@reaching_a_server
def list_jobs(state: str | None, limit: int, as_json: bool, url: str, key: str | None) -> None:
    """Lists your own jobs, newest first: id, state, when they were submitted, their names, what went wrong."""
    none = True
    with open_client(url, key) as client, one_line():
        for job in islice(client.jobs(state=state), limit):
            none = False
            if as_json:
                click.echo(json.dumps(dict(job.raw), ensure_ascii=False))
            else:
                code = f"  {job.error[0]}" if job.error else ""
                click.echo(f"{job.id}  {job.state:<9}  {job.raw['created_at']}{_name(job)}{code}")
    if none:
        click.echo(f"depeche: there are no {f'{state} ' if state else ''}jobs", err=True)


@click.command()
@_ids
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files ID.en.txt and the like.")
@click.option("--summary", is_flag=True, help="Print or write the summary alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole job as JSON; an array for several.")
@reaching_a_server
def show(
    job_ids: tuple[str, ...], output: Path | None, summary: bool, as_json: bool, url: str, key: str | None
) -> None:
    """Waits for jobs and prints their texts, as `submit` does."""
    from service.commands.printers import FileWriter, JsonPrinter, Printer, TextPrinter

    several, ended = len(job_ids) > 1, ExitStatus.SUCCEEDED
    printer: Printer | None = None
    if as_json:
        printer = JsonPrinter(sys.stdout, several=several)
    elif output is None:
        printer = TextPrinter(sys.stdout, several=several, summary_only=summary)
    writer = FileWriter(output, summary_only=summary) if output is not None else None
    with open_client(url, key) as client:
        for job_id, job in _each(client, job_ids, wait=True):
            if job is None or job.result is None:
                ended = ExitStatus.FAILED
            if job is None:
                continue
            if job.result is None:
                click.echo(f"depeche: {job_id}: {_described(job)}", err=True)
            with one_line():
                text = client.translation(job_id) if job.result is not None else ""
            if writer is not None and job.result is not None:
                _write(writer, job_id, job.result, text)
            if printer is not None:
                printer.job(job_id, job, text)
    if printer is not None:
        printer.close()
    sys.exit(ended)


@click.command()
@_ids
@reaching_a_server
def cancel(job_ids: tuple[str, ...], url: str, key: str | None) -> None:
    """Cancels jobs that have not ended. Leaves those alone that have."""
    ended = ExitStatus.SUCCEEDED
    with open_client(url, key) as client:
        for job_id, job in _each(client, job_ids, wait=False):
            before = f"{job_id}: " if len(job_ids) > 1 else ""
            if job is None or job.state.ended:
                ended = ExitStatus.FAILED
                if job is not None:
                    click.echo(f"depeche: {before}the job has already ended: {job.state}", err=True)
                continue
            with one_line():
                client.delete(job_id)
            click.echo(f"{before}cancelled")
    sys.exit(ended)


def _each(client: "Client", job_ids: tuple[str, ...], *, wait: bool) -> "Iterator[tuple[str, JobView | None]]":
    """Each job, or None where there is none, which is said. Fails where the server can't be reached."""
    from service.client import ClientError

    for job_id in job_ids:
        try:
            yield job_id, client.wait(job_id) if wait else client.get(job_id)
        except ClientError as error:
            if is_shut_out(error):
                raise ShutOut(str(error)) from None
            click.echo(f"depeche: {f'{job_id}: ' if len(job_ids) > 1 else ''}{error}", err=True)
            yield job_id, None


def _write(writer: "FileWriter", job_id: str, result: Mapping[str, Any], text: str) -> None:
    try:
        for path in writer.write(PurePath(job_id), result, text):
            click.echo(f"depeche: wrote {path}", err=True)
    except OSError as error:
        raise Failed(f"{error.filename or 'output'}: {error.strerror}") from None


def _described(job: "JobView") -> str:
    running = f" ({job.stage}, {job.done} of {job.total} segments)" if job.stage and job.total else ""
    eta = f", expected to end at {job.eta_at}" if job.eta_at and not job.state.ended else ""
    failed = f" ({job.error[0]}): {job.error[1]}" if job.error else ""
    return f"{job.state}{running}{eta}{failed}"


def _name(job: "JobView") -> str:
    """What the submission called the job, as `depeche submit` and the page do; without what a terminal would obey."""
    name = (job.raw.get("metadata") or {}).get("name")
    shown = "".join(char if char.isprintable() else "?" for char in name)[:_SHOWN] if isinstance(name, str) else ""
    return f"  {shown}" if shown else ""
