"""How errors are said: in the reader's language, with a name that stays."""

import pytest

from api.problems import of_engine_error, of_validation, places, preferred
from engine.attempts import TooManyAttempts
from engine.errors import EngineError, Invalid
from engine.form_problems import FormInvalid, Problem


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.3, zh-TW;q=0.5", "zh"),
        ("fr, en;q=0.5", "en"),
        ("fr, de", "zh"),
        ("en;q=x", "zh"),
        ("en;q=0", "zh"),
        ("en;q=99, zh", "zh"),
        (",,;;q=,=" * 200, "zh"),
    ],
)
def test_the_language_is_the_better_liked_of_two(header: str, locale: str) -> None:
    assert preferred(header) == locale


def test_a_form_error_points_into_the_request() -> None:
    error = FormInvalid([Problem("phone", "/phone", "required", "请填写联系电话", "Please fill in “Phone”")])
    document = of_engine_error(error, "en").document()
    assert document["type"] == "urn:duban:problem:form-invalid"
    assert document["errors"] == [{"pointer": "/form/phone", "code": "required", "detail": "Please fill in “Phone”"}]
    assert of_engine_error(error, "zh").errors[0].detail == "请填写联系电话"


def test_a_pause_says_how_long_in_a_header() -> None:
    problem = of_engine_error(TooManyAttempts(90), "zh")
    assert (problem.status, problem.headers["Retry-After"]) == (429, "90")
    assert "2 分钟" in problem.detail


def test_every_error_of_the_product_can_be_said_in_both_languages() -> None:
    import api.app  # noqa: F401  (loads them all)

    def families(kind: type[EngineError]) -> set[type[EngineError]]:
        return {kind, *(k for child in kind.__subclasses__() for k in families(child))}

    known = [kind for kind in families(EngineError) if kind.__module__.split(".")[0] in ("api", "engine", "notices")]
    assert len(known) > 50
    for kind in known:
        assert kind.__doc__, kind
        own = "zh" in vars(kind)
        assert own, f"{kind.__name__} has no Chinese sentence of its own"
        assert 400 <= kind.status < 600, kind


def test_what_was_sent_is_not_repeated() -> None:
    found = [{"type": "string_type", "loc": ("body", "form", "a/b"), "msg": "Input 'secret'", "input": "secret"}]
    (problem,) = of_validation(found, "en")
    assert problem.pointer == "/form/a~1b"
    assert "secret" not in repr(problem)


def test_the_place_of_an_error_is_told_without_its_words() -> None:
    try:
        raise Invalid(name="王䶮")
    except Invalid as error:
        told = places(error)
    assert "test_problems.py" in told
    assert "王" not in told
