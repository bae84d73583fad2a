"""What a ``notice.toml`` may say of the head of its paper."""

import pytest

from tests.unit.test_lint import bundle, found, judged

SERIES = 'series = "许"'


def _with(form: str, *lines: str, addressee: str = "applicant") -> dict[str, bytes]:
    files = bundle()
    text = files["notices/reply/notice.toml"].decode()
    text = text.replace('form = "slip"', "\n".join([f'form = "{form}"', SERIES, *lines]))
    text = text.replace('addressee = "applicant"', f'addressee = "{addressee}"')
    return files | {"notices/reply/notice.toml": text.encode()}


@pytest.mark.parametrize(
    ("line", "element", "part"),
    [
        ("upward = true", "upward", "to one participant"),
        ('secrecy = "很秘密"', "secrecy", "not written as"),
        ('co_issuers = ["nobody"]', "co_issuers", "no participant nobody"),
        ('co_issuers = ["agency"]', "co_issuers", "once"),
    ],
)
def test_a_letterhead_that_the_standard_does_not_know_is_refused(line: str, element: str, part: str) -> None:
    assert found(judged(_with("file", line)), element, part)


@pytest.mark.parametrize(
    "line", ["upward = true", 'secrecy = "秘密★1年"', 'urgency = "特急"', 'co_issuers = ["agency"]']
)
def test_a_slip_has_no_letterhead(line: str) -> None:
    assert found(judged(_with("slip", line)), line.split()[0], "no letterhead")


def test_an_urgent_secret_request_upward_is_allowed() -> None:
    lines = ("upward = true", 'secrecy = "机密★长期"', 'urgency = "加急"')
    assert judged(_with("file", *lines, addressee="agency")) == judged(_with("file", addressee="agency"))


def test_an_urgency_that_nobody_knows_is_refused() -> None:
    assert judged(_with("file", 'urgency = "马上"'))
