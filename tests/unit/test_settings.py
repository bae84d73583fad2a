"""Settings: every one has a default that works on one machine, and an environment that names nonsense is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.settings import ROOT, Settings


def test_without_an_environment_everything_lies_in_the_var_folder() -> None:
    settings = Settings()
    assert settings.url == f"sqlite:///{ROOT / 'var' / 'duban.db'}"
    assert settings.documents == ROOT / "var" / "documents"
    assert (settings.host, settings.demo, settings.smtp_host) == ("127.0.0.1", False, "")


def test_the_environment_is_read_and_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DUBAN_VAR", str(tmp_path))
    monkeypatch.setenv("DUBAN_DEMO", "1")
    monkeypatch.setenv("DUBAN_PORT", "")
    monkeypatch.setenv("DUBAN_UNKNOWN", "x")
    settings = Settings()
    assert (settings.url, settings.demo, settings.port) == (f"sqlite:///{tmp_path}/duban.db", True, 8000)
    monkeypatch.setenv("DUBAN_DATABASE_URL", "postgresql://somewhere/duban")
    assert Settings().url == "postgresql://somewhere/duban"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eight"), ("DEMO", "perhaps"), ("MAX_UPLOAD", "20 MB"), ("METRONOME_SECONDS", "often")],
)
def test_nonsense_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DUBAN_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
