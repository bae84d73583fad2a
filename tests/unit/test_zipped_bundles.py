"""A process that arrives as a ZIP file."""

import io
import zipfile

import pytest

from api.bundles import PathFaulty, ZipUnreadable, unpack
from engine.definitions import MAX_BYTES, BundleMissing, BundleTooLarge


def zipped(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


def test_files_are_found_with_and_without_their_folder() -> None:
    flat = zipped(("process.toml", b"a"), ("forms/x.schema.json", b"{}"))
    nested = zipped(("leave/process.toml", b"a"), ("leave/forms/x.schema.json", b"{}"), ("README.md", b"no"))
    assert unpack(flat) == unpack(nested) == {"process.toml": b"a", "forms/x.schema.json": b"{}"}


def test_only_what_belongs_to_a_bundle_is_taken() -> None:
    content = zipped(("process.toml", b"a"), ("scenarios/x.toml", b"b"), ("evil.py", b"c"), (".DS_Store", b"d"))
    assert set(unpack(content)) == {"process.toml"}


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", zipped(("process.toml", b"a" * 100))[:-30]],
    ids=["empty", "not a zip", "cut off"],
)
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    with pytest.raises(ZipUnreadable):
        unpack(content)


@pytest.mark.parametrize("name", ["../process.toml", "/process.toml", "a/../../process.toml", "..\\process.toml"])
def test_a_path_that_leads_outside_is_refused(name: str) -> None:
    with pytest.raises(PathFaulty):
        unpack(zipped((name, b"a"), ("process.toml", b"a")))


def test_a_zip_without_a_process_is_refused() -> None:
    with pytest.raises(BundleMissing):
        unpack(zipped(("README.toml", b"a")))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    content = zipped(("process.toml", b"0" * (MAX_BYTES + 1)))
    assert len(content) < 100_000
    with pytest.raises(BundleTooLarge):
        unpack(content)


def test_an_entry_that_lies_about_its_size_is_refused() -> None:
    content = bytearray(zipped(("process.toml", b"0" * 100_000)))
    for header in (content.find(b"PK\x03\x04") + 22, content.find(b"PK\x01\x02") + 24):
        content[header : header + 4] = (10).to_bytes(4, "little")
    with pytest.raises(ZipUnreadable):
        unpack(bytes(content))
