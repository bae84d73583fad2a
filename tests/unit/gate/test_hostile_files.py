"""No file, however hostile, hangs the lint or crashes it: five seconds of a processor and 512 MB, and a list of faults.

Each file is judged in a process of its own under the limits of the operating system (``tests.confined``). The catalogues are
in ``hostile_drawings`` and ``hostile_bundles``; ``mutations`` breaks a sound bundle at random.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from api.bundles import unpack
from engine.definitions import MAX_BYTES, MAX_FILES
from engine.errors import EngineError
from tests.confined import Ending, Keeper, keeper
from tests.unit.gate import hostile_bundles, hostile_drawings
from tests.unit.gate.hostile_bundles import zipped
from tests.unit.runtime.test_parse import HOSTILE

BARE: dict[str, Mapping[str, bytes]] = {
    **{f"file: {name}": {"p.bpmn": content} for name, content in HOSTILE.items()},
    **{f"text: {name}": {"p.bpmn": content} for name, content in hostile_drawings.TEXTS.items()},
    **{f"id: {name}": {"p.bpmn": content} for name, content in hostile_drawings.IDS.items()},
    **{f"graph: {name}": {"p.bpmn": content} for name, content in hostile_drawings.GRAPHS.items()},
    **{f"table: {name}": {"d.dmn": content} for name, content in hostile_drawings.TABLES.items()},
    **{f"together: {name}": files for name, files in hostile_drawings.TOGETHER.items()},
}
BUNDLES = hostile_bundles.bundles()
MEANT_WELL = {  # ids that look odd, and are none that could do harm
    "id: a name of the library",
}


@pytest.fixture(scope="module")
def kept() -> Iterator[Keeper]:
    with keeper() as made:
        yield made


def in_parts(catalogue: Mapping[str, Mapping[str, bytes]]) -> list[list[str]]:
    """The names of a catalogue in parts that share one process, and so one limit: many easy ones, or a few hard ones."""
    parts: list[list[str]] = []
    for name in catalogue:
        kind, most = name.partition(": ")[0], 3 if name.startswith(("graph", "together", "table: c", "file: d")) else 20
        if not parts or not parts[-1][0].startswith(f"{kind}:") or len(parts[-1]) >= most:
            parts.append([])
        parts[-1].append(name)
    return parts


def judged(
    kept: Keeper, function: str, catalogue: Mapping[str, Mapping[str, bytes]], folder: Path
) -> dict[str, Ending]:
    """How the lint of each file or bundle ended; all of them in one process under one limit."""
    packed = {n: {p: base64.b64encode(c).decode() for p, c in files.items()} for n, files in catalogue.items()}
    (folder / "files.json").write_text(json.dumps(packed))
    ending = kept.run(f"tests.unit.gate.judging:{function}", str(folder / "files.json"))
    assert (ending.code, ending.err) == (0, ""), ending
    return {name: Ending(code, out, "", 0) for name, code, out in json.loads(ending.out)}


def ends_well(ending: Ending) -> bool:
    """Clean or with faults, each of them one line ``file: element: reason`` that a terminal can show."""
    lines = ending.out.splitlines()
    return ending.code == (1 if any(": warning: " not in line for line in lines) else 0) and all(
        len(line.split(": ", 2)) == 3 and len(line) < 1_300 and line.isprintable() for line in lines
    )


@pytest.mark.parametrize("names", in_parts(BARE), ids=lambda names: names[0])
def test_hostile_drawings_and_tables_end_soon(kept: Keeper, names: list[str], tmp_path: Path) -> None:
    endings = judged(kept, "lint_files", {name: BARE[name] for name in names}, tmp_path)
    assert [(name, ending) for name, ending in endings.items() if not ends_well(ending)] == []
    assert [n for n, e in endings.items() if n.startswith("id: ") and e.code == 0 and n not in MEANT_WELL] == []


@pytest.mark.parametrize("names", in_parts(BUNDLES), ids=lambda names: names[0])
def test_hostile_bundles_end_soon(kept: Keeper, names: list[str], tmp_path: Path) -> None:
    endings = judged(kept, "lint_bundles", {name: BUNDLES[name] for name in names}, tmp_path)
    assert [(name, ending) for name, ending in endings.items() if not ends_well(ending)] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_bundle_that_was_broken_at_random_is_judged_or_can_be_used(kept: Keeper, seed: int) -> None:
    ending = kept.run("tests.unit.gate.judging:mutate", seed, 36)
    assert (ending.code, ending.out, ending.err) == (0, "", ""), ending


# ------------------------------------------------------------------------------------------------ zipped bundles


def test_a_zip_that_was_broken_at_random_is_refused_or_read() -> None:
    sound, random = zipped(("process.toml", b"a" * 3_000), ("forms/x.schema.json", b"{}" * 500)), Random(7)
    refused = 0
    for _ in range(1_500):
        broken = bytearray(sound)
        for _ in range(random.choice((1, 2, 5))):
            broken[random.randrange(len(broken))] = random.randrange(256)
        try:
            unpack(bytes(broken))
        except EngineError:
            refused += 1
    assert 0 < refused < 1_500


@pytest.mark.parametrize("method", [12, 14], ids=["bzip2", "lzma"])
def test_a_compression_that_asks_for_memory_is_refused(method: int) -> None:
    with pytest.raises(EngineError):
        unpack(zipped(("process.toml", b"a"), method=method))


def test_a_zip_of_too_many_entries_is_refused_before_they_are_read() -> None:
    with pytest.raises(EngineError, match=str(MAX_FILES)):
        unpack(b"PK\x01\x02" * 100_000)


def test_many_small_bombs_are_one_large_one() -> None:
    part = b"0" * (MAX_BYTES // 10)
    with pytest.raises(EngineError, match="too large"):
        unpack(zipped(("process.toml", b"a"), *((f"forms/{n}.ui.json", part) for n in range(12))))


def test_two_files_of_the_same_path_are_refused() -> None:
    with pytest.raises(EngineError, match="same path"):
        unpack(zipped(("process.toml", b"a"), ("./process.toml", b"b")))


# ------------------------------------------------------------------------------------------------ the command line


@pytest.mark.parametrize(
    ("make", "words", "code", "part"),
    [
        ("", ["nowhere.bpmn"], 2, "no file or folder nowhere.bpmn"),
        ("pipe", ["{}/x.bpmn"], 2, "not a plain file"),
        ("folder", ["{}/x.bpmn"], 2, "no process.toml"),
        ("", ["/dev/zero"], 2, "neither the folder of a process nor"),
        ("noise", ["{}/x.bpmn"], 1, "is not XML"),
        ("huge", ["{}/x.bpmn"], 1, "larger than 2 MB"),
        ("huge bundle", ["{}/x"], 2, "too large"),
        ("many", ["{}/x"] * 101, 2, "at most 100"),
        ("nothing", ["{}/x.dmn"], 1, "is empty"),
    ],
)
def test_odd_things_on_the_command_line_are_one_clear_line(
    kept: Keeper, make: str, words: list[str], code: int, part: str, tmp_path: Path
) -> None:
    if make == "pipe":
        import os

        os.mkfifo(tmp_path / "x.bpmn")
    elif make == "folder":
        (tmp_path / "x.bpmn").mkdir()
    elif make in ("noise", "huge"):
        with (tmp_path / "x.bpmn").open("wb") as file:
            file.write(Random(1).randbytes(5_000))
            file.truncate(5_000 if make == "noise" else 3_000_000_000)
    elif make == "huge bundle":
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "process.toml").write_text("")
        with (tmp_path / "x" / "a.bpmn").open("wb") as file:
            file.truncate(3_000_000_000)
    elif make == "nothing":
        (tmp_path / "x.dmn").touch()
    if make == "many":
        words = [str(tmp_path / f"x{n}.bpmn") for n in range(101)]
        for word in words:
            Path(word).touch()
    ending = kept.command("lint", *(word.format(tmp_path) for word in words))
    said = ending.out if code == 1 else ending.err
    assert ending.code == code, ending
    assert part in said
    assert said.count("\n") == 1
    assert "Traceback" not in ending.err
    assert "unexpected" not in ending.err


def test_warnings_alone_are_no_failure(kept: Keeper, tmp_path: Path) -> None:
    from tests.drawing import process, script

    (tmp_path / "p.bpmn").write_bytes(process("start > a > end", a=script("x = y")))
    ending = kept.command("lint", str(tmp_path / "p.bpmn"))
    assert ending.code == 0
    assert "warning: reads y" in ending.out


@pytest.mark.parametrize("verb", ["deploy", "test"])
def test_a_zip_on_the_command_line_is_told_where_it_goes(kept: Keeper, verb: str, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped(("process.toml", b"a")))
    ending = kept.command(verb, str(tmp_path / "x.zip"))
    assert ending.code == 2
    assert "unpacked first" in ending.err
