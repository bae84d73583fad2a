"""One act on many things: each in a unit of work of its own, so that what is refused for one undoes nothing of the others."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from api.deps import Door, Once
from engine.db import UnitOfWork
from engine.errors import EngineError

Results = dict[str, EngineError | None]  # what was acted on → why it was not done


def one_by_one(
    door: Door, once: Once, ids: Iterable[str], request: Any, act: Callable[[UnitOfWork, str], object]
) -> Results:
    """Do ``act`` to each of ``ids`` once, in their order. Sent again under the same key, what was done is not done again."""
    results: Results = {}
    for one in dict.fromkeys(ids):

        def write(uow: UnitOfWork, one: str = one) -> dict[str, Any]:
            act(uow, one)
            return {}

        try:
            replace(once, place=f"{once.place} {one}").write(door, request, write)
            results[one] = None
        except EngineError as error:
            results[one] = error
    return results
