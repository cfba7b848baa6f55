"""How tables of the command line look: narrow, so that eleven columns fit a terminal, and no cell is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def new_table(title: str, columns: Sequence[str], left: Collection[str], wraps: Collection[str] = ()) -> Table:
    """A table whose columns are numbers, except those on the left; sentences wrap, so the others keep their room."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=0)
    for column in columns:
        justify: Literal["left", "right"] = "left" if column in left else "right"
        table.add_column(column, justify=justify, no_wrap=column not in wraps, overflow="fold")
    return table


def console() -> Console:
    """Where tables go. Into a file or a pipe they go in full width."""
    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(highlight=False, width=200)
