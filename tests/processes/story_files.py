"""The stories of all bundles, and what to call them in a test run."""

from pathlib import Path

from engine.settings import ROOT

FILES = sorted(ROOT.glob("bpmn/*/scenarios/*.toml"))


def name(file: Path) -> str:
    """The process and the story."""
    return f"{file.parts[-3]}/{file.stem}"
