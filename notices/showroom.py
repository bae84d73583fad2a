"""The samples of deployed processes, typeset: what an administrator looks at before the first real paper goes out."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.definitions import Bundle
from engine.errors import EngineError
from notices import render, sample
from notices.lint import notice_faults

MOST_KEPT = 64
_FOLDER = re.compile(r"notices/([^/]+)/notice\.toml")


@dataclass(frozen=True)
class Shown:
    """A notice in one language: its pages, or why there are none."""

    language: str
    pages: int
    fault: EngineError | None = None


@dataclass(frozen=True)
class Exhibit:
    """A notice of a process: its samples, and what is wrong with its templates."""

    name: str
    samples: tuple[Shown, ...]
    faults: tuple[str, ...]


class Showroom:
    """Typesets samples and keeps a few: their facts are invented, so they may be remembered, and a revision never changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str, str], bytes] = OrderedDict()

    def pdf(self, bundle: Bundle, notice: str, language: str, now: datetime) -> bytes:
        """A sample, dated today; raises NoticeUnknown, SampleMissing, SampleFaulty, and what ``render.typeset`` raises."""
        if language not in sample.languages(bundle, notice):
            raise sample.SampleMissing(notice=notice)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        key = bundle.presentation_id, notice, language, midnight.isoformat()
        if key not in self._kept:
            self._kept[key] = render.render(sample.of_bundle(bundle, notice, midnight, language))
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def exhibits(self, bundle: Bundle, now: datetime) -> list[Exhibit]:
        """Every notice of a process."""
        faults = list(notice_faults(bundle.words))
        return [
            Exhibit(
                name,
                tuple(self._shown(bundle, name, language, now) for language in sample.languages(bundle, name)),
                tuple(f"{f.file}: {f.reason}" for f in faults if f.file.startswith(f"notices/{name}/")),
            )
            for name in _names(bundle)
        ]

    def _shown(self, bundle: Bundle, name: str, language: str, now: datetime) -> Shown:
        try:
            return Shown(language, render.count_pages(self.pdf(bundle, name, language, now)))
        except EngineError as fault:
            return Shown(language, 0, fault)


showroom = Showroom()


def _names(bundle: Bundle) -> Iterator[str]:
    return (found[1] for path in sorted(bundle.words) if (found := _FOLDER.fullmatch(path)))
