"""The command line: one module a group of commands, each imported only when it is called."""

from __future__ import annotations

import importlib

import click

import matcher
from matcher.errors import MatcherError
from ontologies.errors import OntologyError
from web.errors import WebError

COMMANDS = {
    "demo": "web.cli.running.demo:demo",
    "serve": "web.cli.running.service:serve",
    "work": "web.cli.running.work:work",
    "doctor": "web.cli.running.service:doctor",
    "match": "web.cli.cases.matching:match",
    "groups": "web.cli.cases.groups:groups",
    "kept": "web.cli.cases.kept:kept",
    "terms": "web.cli.cases.words:terms",
    "annotate": "web.cli.cases.words:annotate",
    "abbreviation": "web.cli.abbreviations:abbreviation",
    "import": "web.cli.cases.transfer:import_cases",
    "export": "web.cli.cases.transfer:export_cases",
    "erase": "web.cli.cases.transfer:erase_case",
    "backup": "web.cli.running.backups:backup_command",
    "restore": "web.cli.running.backups:restore_command",
    "user": "web.cli.people:user",
    "node": "web.cli.nodes:node",
    "ask": "web.cli.asking:ask",
    "limit": "web.cli.limits:limit_command",
    "token": "web.cli.tokens:token",
    "audit": "web.cli.audit:audit",
    "ontology": "web.cli.ontology.library:ontology",
    "calibrate": "web.cli.cases.calibration:calibrate_command",
    "reference": "web.cli.reference:reference",
}


class Commands(click.Group):
    """A group that names every command and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which a new user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error of ours is one sentence on stderr and exit status 1."""
        try:
            return super().invoke(ctx)
        except (OntologyError, MatcherError, WebError) as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise click.ClickException(_said(error)) from error


def _said(error: OSError) -> str:
    """What the system refused, with the file it was about."""
    about = f"{error.filename}: " if error.filename else ""
    return f"{about}{error.strerror or error}."


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(matcher.__version__, prog_name="secondcase")
def main() -> None:
    """Secondcase finds the second case: rare-disease case matching."""
