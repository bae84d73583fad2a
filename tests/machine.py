"""What the tests need of the machine, and what happens when it is not there.

Where ``CI`` is set, a missing piece fails the test. Elsewhere the test is left out, and a loud line at the end says so.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENOUGH = 4 * 1024**3
MISSING = "NOT TESTED HERE, missing on this machine: "


def missing(what: str) -> NoReturn:
    """Fail under CI, leave the test out elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI is set; make setup-test installs it", pytrace=False)
    pytest.skip(MISSING + what)


def find_chromium() -> Path | None:
    """The browser to drive: the one named in ``DUBAN_CHROMIUM``, or the first on the PATH that is no snap.

    Chromium without windows comes first: a whole one prepares tabs and bars for each page, five times the work.
    """
    named = os.environ.get("DUBAN_CHROMIUM")
    candidates = [named] if named else ["chromium-headless-shell", "chromium", "google-chrome", "chromium-browser"]
    for candidate in candidates:
        found = shutil.which(candidate)
        if found and "/snap/" not in str(Path(found).resolve()):
            return Path(found)
    return None


def find_fonts() -> Path | None:
    """The folder of the fonts of official documents, filled by ``scripts/fetch_fonts.sh``."""
    folder = Path(os.environ.get("DUBAN_FONTS") or ROOT / ".tools" / "fonts")
    return folder if (folder / "FandolFang-Regular.otf").exists() else None


def fast_folder() -> str | None:
    """A folder in memory for files that need not outlive the tests: syncing a disk after each commit takes longer than they do.

    Nothing where the machine has none, or too little room in it: then the usual temporary folder will do.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH
    return str(memory) if roomy else None
