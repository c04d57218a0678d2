"""The command `takedown`. Each command is imported when it is called, so that `verify` needs nothing of the others."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import NoReturn

import click

import takedown
from takedown.errors import TakedownError

COMMANDS = {
    "capture": ("takedown.cli.capture", "capture", "Seal a capture of a page on this machine."),
    "judge": ("takedown.cli.judge", "judge", "Judge what a look at a listing showed."),
    "canonicalize": ("takedown.cli.canonicalize", "canonicalize", "Say which listing a URL is the address of."),
    "check-url": ("takedown.cli.check_url", "check_url", "Say whether the guard lets a URL through."),
    "verify": ("takedown.cli.verify", "verify", "Check a bundle, offline."),
}
"""Name → module, function, and one line about it."""

USAGE_ERROR = 2
FAULT = 70
"""A fault of the machine or of ours (sysexits.h, EX_SOFTWARE). Never 1: for `verify` that means tampered."""


class _BrokenPipe(Exception):  # noqa: N818 - carries one past click, which would leave with 1
    """Whoever read the output has gone."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's shape
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        try:
            command: click.Command = getattr(importlib.import_module(module), function)
        except ModuleNotFoundError as error:
            extra = "capture" if cmd_name == "capture" else "judge"
            raise click.ClickException(
                f"{cmd_name} needs the package {error.name}; install the extra takedown[{extra}]"
            ) from error
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _BrokenPipe from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(takedown.__version__, prog_name="takedown")
def cli() -> None:
    """Evidence-grade takedown cases: capture, judge and verify on this machine."""


def main() -> NoReturn:
    """Run the command; whatever is wrong with what was given is one line and exit code 2, anything else one and 70."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.exceptions.Abort:
        click.echo("takedown: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code if error.exit_code != 1 else USAGE_ERROR)
    except TakedownError as error:
        _fail(str(error), USAGE_ERROR)
    except _BrokenPipe as error:
        _fail(f"BrokenPipeError: {error.__cause__}", FAULT)
    except Exception as error:  # noqa: BLE001 - the last one who can say it in one line
        _fail(f"{type(error).__name__}: {error}", FAULT)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> NoReturn:
    line = " ".join(message.split())
    with contextlib.suppress(OSError):  # nobody reads it: the exit code still says it
        # ascii(): what came from outside never reaches a terminal as a control sequence.
        click.echo(f"takedown: {ascii(line)[1:-1]}", err=True)
    sys.exit(code)
