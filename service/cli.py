"""The `depeche` command: web, submit, status, cancel."""

import click

from service.contract.settings import SettingsError


class _Failed(click.ClickException):
    """One line on standard error and exit status 1."""

    def show(self, file: object = None) -> None:
        """Without click's own prefix."""
        click.echo(f"depeche: {self.format_message()}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Translates French articles into English, with a summary. Settings: DEPECHE_ variables, see the README."""


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
        raise _Failed(str(error)) from None


if __name__ == "__main__":
    main()
