"""How commands of `depeche` end: the statuses that scripts go by, and errors in one line."""

from enum import IntEnum

import click


class ExitStatus(IntEnum):
    """What a command tells the shell."""

    SUCCEEDED = 0  # all that was asked for
    FAILED = 1  # an article, or what was asked for
    USAGE = 2  # the command line is wrong
    UNREACHABLE = 3  # nobody answers, or nobody who lets us in
    INTERRUPTED = 130  # Ctrl-C


class Failed(click.ClickException):
    """One line on standard error and exit status 1."""

    exit_code = ExitStatus.FAILED

    def show(self, file: object = None) -> None:
        """Without click's own prefix."""
        click.echo(f"depeche: {self.format_message()}", err=True)


class WithoutRedis(Failed):
    """Redis does not answer a command that talks to it directly: what was said, and where its address comes from."""

    def __init__(self, said: str) -> None:
        super().__init__(f"{said} DEPECHE_REDIS_URL says where Redis is; scripts/run prints what it is for its own.")


class Misused(Failed):
    """What was given can't be used: one line and exit status 2, as click has for the rest of the command line."""

    exit_code = ExitStatus.USAGE


class ShutOut(Failed):
    """Nobody answers, or nobody who lets us in: one line and exit status 3."""

    exit_code = ExitStatus.UNREACHABLE
