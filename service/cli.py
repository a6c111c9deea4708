"""The `depeche` command. Each of its commands has a module of `service.commands`, which imports little until it runs."""

import io
import sys

import click

from service.commands.completion import completion
from service.commands.deliver import deliver
from service.commands.failure import Failed
from service.commands.jobs import cancel, list_jobs, show, status
from service.commands.keys import keys
from service.commands.submit import submit
from service.commands.webhook_secret import webhook_secret


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 all went well, 1 something that was asked for failed, 2 wrong usage, 3 nobody answers or the key is "
    "refused, 130 interrupted.",
)
@click.version_option(package_name="depeche", message="Dépêche %(version)s")
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
    from service.contract.settings import SettingsError
    from service.server import ServerError, serve
    from service.settings import Settings

    try:
        serve(Settings.load(host=host, port=port, processes=processes))
    except (SettingsError, ServerError) as error:
        raise Failed(str(error)) from None


for command in (submit, status, list_jobs, show, cancel, keys, deliver, webhook_secret, completion):
    main.add_command(command)


if __name__ == "__main__":
    main()
