"""How a command of `depeche` ends that can't do what it was asked to."""

import click


class Failed(click.ClickException):
    """One line on standard error and exit status 1."""

    def show(self, file: object = None) -> None:
        """Without click's own prefix."""
        click.echo(f"depeche: {self.format_message()}", err=True)
