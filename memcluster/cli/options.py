"""Options of the command line, made of rows of settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from memcluster.config import Row, Settings, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Container

F = TypeVar("F", bound="Callable[..., Any]")


class Kind(click.ParamType[Any]):
    """What a row reads, as click wants it."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.name = str(row.flag.metavar or getattr(row.bare_kind, "__name__", "text"))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Reads the text; an error names the option."""
        if not isinstance(value, str):
            return value
        try:
            return self.row.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def options(kind: type[Settings], section: str, only: Container[str] | None = None) -> Callable[[F], F]:
    """Gives a command an option for every row, or for those named. None is passed for what was not given."""

    def decorate(function: F) -> F:
        for row in reversed([row for row in rows(kind) if row.flag.names and (only is None or row.name in only)]):
            function = _option(row, section)(function)
        return function

    return decorate


def _option(row: Row, section: str) -> Callable[[F], F]:
    names = (*row.flag.names, row.name)
    text = f"{row.flag.help} [{_default(row)}{row.variable(section)}]"
    if row.flag.counts:
        return click.option(*names, count=True, default=None, help=text)
    if row.bare_kind is bool:
        value = True if row.flag.value is None else row.flag.value
        return click.option(*names, is_flag=True, flag_value=value, default=None, help=text, type=click.BOOL)
    if _is_list(row):
        return click.option(*names, multiple=True, type=Kind(row), callback=_join, metavar=row.flag.metavar, help=text)
    return click.option(*names, type=Kind(row), default=None, metavar=row.flag.metavar, help=text)


def _is_list(row: Row) -> bool:
    return getattr(row.bare_kind, "__origin__", None) is tuple


def _join(ctx: click.Context, param: click.Parameter, values: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
    """`-l a,b -l c` is a, b, c."""
    del ctx, param
    return tuple(value for group in values for value in group) or None


def _default(row: Row) -> str:
    if row.default is None or row.bare_kind is bool or row.flag.counts or row.default == ():
        return ""
    return f"default {','.join(row.default) if _is_list(row) else row.default}; "
