"""A story with a slip of the pen is named before anything is played, and the other stories are played all the same."""

from pathlib import Path

import pytest

from api import stories

HEAD = 'title = "x"\nstart = "2026-04-21T09:30"\n[submit.form]\n'


def read(folder: Path, text: str) -> object:
    file = folder / "s.toml"
    file.write_text(text, encoding="utf-8")
    return stories.read(file)


def test_times_are_texts_or_times_of_toml(tmp_path: Path) -> None:
    step = '[[steps]]\nby = "agency.leader"\ntask = "sign"\nat = "+30m"\n[[steps]]\ntravel = 2026-05-07T00:00:00\n'
    assert read(tmp_path, HEAD + step)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('title = "x"\nstart = "2026-04-21"\n', "submit"),
        (HEAD.replace("2026-04-21T09:30", "soon"), "“soon” is not a time"),
        (HEAD + "[[steps]]\nexepct = {}\n", "exepct"),
        (HEAD + '[[steps]]\ntask = "sign"\n', "step 1: says by whom"),
        (HEAD + '[[steps]]\nby = "agency.leader"\n', "step 1: says exactly one of"),
        (HEAD + '[[steps]]\nby = "agency.leader"\ntask = "sign"\nat = "+1x"\n', "“+1x” is not a distance in time"),
        (HEAD + '[[steps]]\nexpect = {}\n[[steps]]\ntravel = "9999-12-31"\n', "step 2: the year 9999 is too far"),
        (HEAD + "[[steps]]\nby = 3\n", "`int`"),
        ("x = [", "Invalid value"),
    ],
)
def test_a_slip_of_the_pen_is_named(text: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(stories.StoryFaulty) as faulty:
        read(tmp_path, text)
    assert part in str(faulty.value)
