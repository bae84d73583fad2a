"""Every state that a release has stored can be read, and its case goes on to its end."""

import json
from datetime import datetime

import pytest

from engine.runtime.state import VERSION
from tests.states.keep import FOLDER
from tests.states.moments import MOMENTS, view
from tests.unit.runtime.journey import Journey

KEPT = {
    (file.stem, name): entry
    for file in sorted(FOLDER.glob("*.json"))
    for name, entry in json.loads(file.read_text(encoding="utf-8")).items()
}


@pytest.mark.parametrize(("release", "name"), KEPT, ids=lambda value: str(value))
def test_a_state_that_a_release_stored_goes_on_where_it_stood(release: str, name: str) -> None:
    kept, moment = KEPT[release, name], MOMENTS[name]
    journey = Journey(kept["source"].encode(), patient=True, deadlines=moment.deadlines)
    journey.state, journey.data = bytes.fromhex(kept["state"]), kept["data"]
    journey.now = datetime.fromisoformat(kept["now"])
    assert {"held": [], **kept["view"]} == json.loads(json.dumps(view(journey.tick())))
    assert moment.go(journey).step.finished


def test_every_moment_is_kept_by_the_newest_release() -> None:
    newest = max((release for release, _ in KEPT), key=lambda release: [int(part) for part in release.split(".")])
    assert {name for release, name in KEPT if release == newest} == set(MOMENTS)
    first = next(iter(json.loads((FOLDER / f"{newest}.json").read_text(encoding="utf-8")).values()))
    assert bytes.fromhex(first["state"])[1] == VERSION, "the format has changed: keep the states of this release"
