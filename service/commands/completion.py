"""`depeche completion`, and what a shell completes: click's own scripts, and the ids of jobs where the server is quick."""

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from service.commands.server import DEFAULT_URL

if TYPE_CHECKING:  # `web` must not import what gevent has to patch first
    from service.client import JobView

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}

#: Seconds that a shell may stand still for ids, and how many it is shown.
_PATIENCE_S = 1.0
_MOST = 50


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Prints a script that completes commands, options and ids of jobs in a shell.

    \b
    bash  eval "$(depeche completion bash)"           in ~/.bashrc
    zsh   eval "$(depeche completion zsh)"            in ~/.zshrc, behind compinit
    fish  depeche completion fish | source            in ~/.config/fish/config.fish
    """
    root = context.find_root()
    name = root.info_name or "depeche"
    click.echo(_SHELLS[shell](root.command, {}, name, f"_{name.replace('-', '_').upper()}_COMPLETE").source())


def complete_job(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The newest jobs whose ids begin like this, with their states. None where the server does not answer at once."""
    url, key = context.params.get("url"), context.params.get("key")
    given = set(context.params.get("job_ids") or ())
    return [
        CompletionItem(job.id, help=f"{job.state}, submitted {job.raw.get('created_at')}")
        for job in _newest_jobs(url or DEFAULT_URL, key)
        if job.id.startswith(incomplete) and job.id not in given
    ]


def _newest_jobs(url: str, key: str | None) -> "list[JobView]":
    from threading import Thread

    from service.client import Client, ClientError

    found: list[JobView] = []

    def ask() -> None:
        with suppress(ClientError), Client(url, key=key or None, timeout_s=_PATIENCE_S, retries=0) as client:
            found.extend(islice(client.jobs(), _MOST))

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_PATIENCE_S)
    return found
