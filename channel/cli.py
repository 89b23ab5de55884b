"""The command line, the outermost door: a command is loaded when it is called, so that help comes at once.

Knows every command by name only. Results go to stdout, all talk to stderr; 0 is done, 1 it could not, 2 wrong usage.
"""

from importlib import import_module
from typing import NamedTuple

import click

OURS = ("channel", "scans", "stores")


class Door(NamedTuple):
    """Where a command is, and what the list of commands says of it."""

    at: str
    does: str


COMMANDS: dict[str, Door] = {
    "demo": Door("channel.commands.demo:demo", "Make a living world and serve it."),
    "init": Door("channel.commands.setup:init", "Create or upgrade the database, the key ring and the first plan."),
    "user": Door("channel.commands.people:user", "People who sign in, and their roles."),
    "token": Door("channel.commands.people:token", "What programs show instead of a password."),
    "keys": Door("channel.commands.keys:keys", "The keys that codes and prizes are made with."),
    "import": Door("channel.commands.importing:import_", "Import a CSV or XLSX file."),
    "issue": Door("channel.commands.issuing:issue", "Issue a batch of codes and write them to a file."),
    "export": Door("channel.commands.issuing:export", "Write codes of a batch to a numbered file for a receiver."),
    "printed": Door("channel.commands.life:printed", "Note that a batch is printed."),
    "activate": Door("channel.commands.life:activate", "Let the claims of a batch, or a part, count from now on."),
    "recall": Door("channel.commands.life:recall", "Call a batch or a part of it back."),
    "return": Door("channel.commands.returning:return_", "Take items back that were claimed."),
    "scrap": Door("channel.commands.returning:scrap", "Note that items that came back are destroyed."),
    "reissue": Door("channel.commands.returning:reissue", "Issue items that came back anew."),
    "labels": Door("channel.commands.codes:labels", "Write the print files of a batch."),
    "verify": Door("channel.commands.codes:verify", "Tell whether codes are ours, and which."),
    "serve": Door("channel.commands.serving:serve", "Run the web server."),
    "scheduler": Door("channel.commands.serving:scheduler", "Run the one process that does what is due."),
    "close-day": Door("channel.commands.nights:close_day", "Close a business day: sell-through, judging, visit lists."),
    "judge": Door("channel.panels:judge_command", "Judge a panel of daily counts; needs no database."),
    "check": Door("channel.commands.nights:check", "Recount everything that is derived, and every invariant."),
}


class Doors(click.Group):
    """A group whose commands are imported one by one, and whose anticipated errors are one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order in which they are met."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].at.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, door.does) for name, door in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what was anticipated is told in one line, a bug with all that is known of it."""
        try:
            return super().invoke(ctx)
        except _anticipated() as error:
            line = told(error)
            if line is None:
                raise
            raise click.ClickException(line) from error


@click.group(cls=Doors)
@click.version_option(package_name="glassbox")
def main() -> None:
    """Glassbox: see what every store sells, share the profit to the cent, visit the stores that are not normal."""


def told(error: BaseException) -> str | None:
    """Return what to say of an error; None for a bug."""
    kind = type(error)
    if kind.__module__.partition(".")[0] in OURS and kind.__name__.endswith("Error"):
        return str(error)
    if kind.__module__.startswith("sqlalchemy"):
        return f"the database does not answer: {str(getattr(error, 'orig', error)).partition(chr(10))[0]}"
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    return None


def _anticipated() -> tuple[type[Exception], ...]:
    # Asked only when something was raised: who gets no error does not wait for SQLAlchemy.
    from sqlalchemy.exc import OperationalError, TimeoutError

    return ValueError, LookupError, RuntimeError, OSError, OperationalError, TimeoutError
