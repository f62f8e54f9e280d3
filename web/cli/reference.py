"""`secondcase reference`: every command, option, setting and file, as docs/cli.md says it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from web.config import describe_settings

FILES = {
    "sources/SHA-256/NAME": "ontology, annotation and gene files, as their publishers made them",
    "releases/ID/": "what they were compiled to; `releases/active` names the one in use",
    "calibrations/ID/": "the panel and its scores for a release; made again when missing",
    "secondcase.db": "cases, people, nodes: back this file up (`secondcase.db-wal` belongs to it)",
    "secondcase.db.RELEASE.index": "what a new process starts from; case data, made again",
    "audit.head": "where the audit ended, so that a cut shows; belongs to the database",
    "settings.toml": "settings, where the environment does not say otherwise",
    "secret.key": "signs cookies, seals the audit, opens peers' tokens; made at first, mode 600",
    "demo/": "the demonstration's three sites, each with its own database, and their log-in",
}
INTRODUCTION = """\
# Command line

`python3 run.py COMMAND` in a checkout, `secondcase COMMAND` where the package is installed.
This page is made from the code by `python3 run.py reference > docs/cli.md`.

Results go to standard output, progress and reports to standard error. Exit status 0 is success,
1 an error said in one sentence, 2 a call that was put wrongly.
"""


@click.command(hidden=True)
def reference() -> None:
    """Print docs/cli.md."""
    root = click.get_current_context().find_root().command
    assert isinstance(root, click.Group)
    click.echo(reference_page(root), nl=False)


def reference_page(root: click.Group) -> str:
    """The whole page in Markdown."""
    top = click.Context(root, info_name="secondcase", **root.context_settings)
    sections = [_section(context) for context in _leaves(top)]
    return "\n".join([INTRODUCTION, *sections, _settings(), _files()])


def _leaves(context: click.Context) -> Iterator[click.Context]:
    """A context for each command that does something, in the order of the help."""
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(
            command, parent=context, info_name=name, max_content_width=96
        )
        inner.terminal_width = 96
        if isinstance(command, click.Group):
            yield from _leaves(inner)
        else:
            yield inner


def _section(context: click.Context) -> str:
    title = context.command_path.partition(" ")[2]
    return f"## {title}\n\n```text\n{context.command.get_help(context)}\n```\n"


def _settings() -> str:
    rows = [
        f"| `{s.variable}` | `{s.name}` | {s.default} | {s.description} |"
        for s in describe_settings()
    ]
    head = (
        "## Settings\n\nAn environment variable counts before `settings.toml` in the data "
        "directory. All are checked at start.\n\n"
        "| environment | settings.toml | default | meaning |\n|---|---|---|---|"
    )
    return "\n".join([head, *rows, ""])


def _files() -> str:
    head = (
        "## Files\n\nAll below the data directory: `SECONDCASE_DATA` where it is set, `var/` in a "
        "checkout, otherwise the user's data directory.\n\n| file | what it holds |\n|---|---|"
    )
    return "\n".join(
        [head, *(f"| `{name}` | {what} |" for name, what in FILES.items()), ""]
    )
