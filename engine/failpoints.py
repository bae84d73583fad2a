"""Named places where a machine may die: at every commit, and wherever one part of the work hands over to the next.

A test arms a hook, which is then called with the name of each place that is passed; it can end the process, cut the
connections to the database, or wait. No setting and no variable of the environment arms anything: only code that calls
``armed``, and nothing but tests does. What must hold afterwards is said in docs/faults.md.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Hook = Callable[[str], None]

_hook: Hook | None = None


def failpoint(name: str) -> None:
    """Nothing happens here, unless a test wants it to. Names are ``module.moment``, each in one place only."""
    if _hook is not None:
        _hook(name)


@contextmanager
def armed(hook: Hook) -> Iterator[None]:
    """Call ``hook`` at every place that this process passes meanwhile; for tests."""
    global _hook
    _hook = hook
    try:
        yield
    finally:
        _hook = None
