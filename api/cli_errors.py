"""How the command line says that something went wrong: one clear line, and exit code 2."""

import os
import sys
import traceback
from typing import Any, NoReturn

import typer

# Typer carries a copy of Click or uses Click itself, depending on its version; either way this is its base of errors.
WRONG_USE: type[Exception] = typer.BadParameter.__mro__[2]


class Stopped(Exception):
    """A command cannot go on, for the reason in its sentence."""


def refuse(sentence: str) -> NoReturn:
    """Stop with one clear line and exit code 2."""
    raise Stopped(sentence)


def explain(error: Exception) -> tuple[int, str]:
    """The exit code and the line for an error."""
    if isinstance(error, typer.Exit):
        return error.exit_code, ""
    if isinstance(error, typer.Abort):
        return 130, "Stopped."
    if isinstance(error, Stopped):
        return 2, _one_line(str(error))
    if isinstance(error, WRONG_USE):
        return 2, _one_line(getattr(error, "format_message", lambda: str(error))())
    if os.environ.get("DUBAN_TRACE"):
        traceback.print_exception(error, file=sys.stderr)
    return 2, _one_line(_of_others(error))


def _of_others(error: Exception) -> str:
    from engine.errors import EngineError

    if isinstance(error, EngineError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    kind = type(error)
    if kind.__module__.startswith("sqlalchemy."):
        return f"The database cannot be used ({kind.__name__}); is DUBAN_DATABASE_URL right, and was `duban db upgrade` run?"
    if kind.__module__.startswith("pydantic"):
        return f"A setting is not valid: {_first_setting(error)}"
    return f"unexpected {kind.__name__}: {error} (DUBAN_TRACE=1 shows where)"


def _first_setting(error: Exception) -> str:
    found: list[dict[str, Any]] = getattr(error, "errors", list)()
    return f"DUBAN_{'_'.join(map(str, found[0]['loc'])).upper()}: {found[0]['msg']}" if found else str(error)


def _one_line(text: str) -> str:
    return " ".join(text.split())
