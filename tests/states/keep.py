"""Write the states of a release: ``python -m tests.states.keep 0.2.0``, once, before it is published."""

import json
import sys
from pathlib import Path

from tests.states.moments import MOMENTS, view

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    kept = {}
    for name, moment in MOMENTS.items():
        journey = moment.come(moment.journey())
        assert journey.state is not None
        kept[name] = {
            "source": moment.source.decode(),
            "state": journey.state.hex(),
            "data": journey.data,
            "now": journey.now.isoformat(),
            "view": view(journey),
        }
    target = FOLDER / f"{sys.argv[1]}.json"
    target.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
