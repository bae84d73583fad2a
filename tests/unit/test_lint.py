"""What the lint finds in bare files and in bundles: one line a fault, with file, element and reason."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from api.composition import registry
from engine import definitions, ending_lint, lint
from engine.runtime import Fault
from engine.runtime.parser import read
from tests.drawing import (
    TERMINATE,
    Drawn,
    after,
    at,
    boundary,
    call,
    catch,
    decision,
    each,
    end,
    error,
    exclusive,
    handler,
    inclusive,
    message,
    parallel,
    process,
    rule,
    script,
    service,
    start,
    sub,
    throw,
    user,
    with_diagram,
)

ROOT = Path(__file__).resolve().parents[2]


def bare(source: bytes, **more: bytes) -> list[Fault]:
    files = {name.replace("_bpmn", ".bpmn").replace("_dmn", ".dmn"): content for name, content in more.items()}
    return lint.lint_files({"p.bpmn": source, **files})


def found(faults: list[Fault], element: str, part: str) -> bool:
    return any(fault.element == element and part in fault.reason for fault in faults)


# ------------------------------------------------------------------------------------------------ bare files


def test_a_good_file_has_no_faults() -> None:
    drawn = process(
        "start > f > a > j > g; f > b > j; g [ok] > op > end; g [] > m > end2; late > m",
        f=parallel(),
        j=parallel(),
        g=exclusive(),
        m=exclusive(),
        op=service("anything.at_all", n="ok"),
        late=boundary("op", after("'P1D'")),
        h=handler("h_start > x > h_end", message("more"), False),
    )
    assert bare(drawn) == []


def test_a_fault_is_one_line_with_file_element_and_reason() -> None:
    (fault,) = bare(process("start > a > end", a=catch(after("P7D"))))
    assert str(fault) == "p.bpmn: a: a time is an expression: P7D needs quotes, 'P7D'"
    assert not fault.warning


@pytest.mark.parametrize(
    ("text", "nodes", "element", "part"),
    [
        ("start > a > end; b > end2", {}, "b", "never reached"),
        ("start > a > end", {"lost": user()}, "lost", "never reached"),
        ("start > a", {}, "a", "leads nowhere"),
        ("start > a > end", {"x": boundary("a", message("m"))}, "x", "leads nowhere"),
        ("start > m > a > m; late > m", {"m": exclusive(), "late": boundary("a", message("x"))}, "a", "no end can be"),
        ("start > S > end", {"S": sub("i_start > i")}, "i", "leads nowhere"),
        ("start > g; g [x] > a > j > end; g [] > b > j", {"g": exclusive(), "j": parallel()}, "j", "wait for ever"),
        ("start > g; g [x] > a > j > end; g [] > b > j", {"g": inclusive(), "j": parallel()}, "j", "wait for ever"),
        (
            "start > f > a > j > end; f > b > j; late > end2",
            {"f": parallel(), "j": parallel(), "late": boundary("a", message("m"))},
            "j",
            "wait for ever",
        ),
        (
            "start > m > j > a > g; g [x] > j; g [] > end",
            {"m": exclusive(), "j": parallel(), "g": exclusive()},
            "j",
            "ever",
        ),
        (
            "start > f > a > m > j > end; f > b > m; f > c > j",
            {"f": parallel(), "m": exclusive(), "j": parallel()},
            "j",
            "several tokens",
        ),
        ("start > a > bad", {"bad": end(error("E"))}, "bad", "nobody catches the error E"),
        ("start > S > end", {"S": sub("i_start > i_bad", i_bad=end(error("E")))}, "i_bad", "nobody catches"),
        (
            "start > f > a > end; f > b > end2",
            {"f": parallel(), "a": script("x = 1"), "b": script("x = 2")},
            "a",
            "writes x side by side with b",
        ),
        (
            "start > a > end; n > b > end2",
            {"a": service("v.x", "r"), "b": script("r = 2"), "n": boundary("a", message("m"), False)},
            "a",
            "writes r side by side with b",
        ),
        (
            "start > a > end",
            {"a": script("x = 1"), "h": handler("hs > hx > h_end", message("m"), False, hx=script("x = 2"))},
            "hx",
            "writes x side by side",
        ),
        ("start > a > end", {"a": script("x = y + 1")}, "a", "reads y, which nothing writes"),
        ("start > g; g [y] > a > end; g [] > end2", {"g": exclusive(), "a": script("x = 1")}, "g__a", "reads y"),
    ],
)
def test_faults_of_the_flow(text: str, nodes: dict[str, Drawn], element: str, part: str) -> None:
    faults = bare(process(text, **nodes))
    assert found(faults, element, part), faults


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        # a terminate end clears what waits at a join
        (
            "start > f > a > j > end; f > b > j; late > end2",
            {"f": parallel(), "j": parallel(), "late": boundary("a", message("m")), "end2": end(TERMINATE)},
        ),
        # errors that somebody catches
        (
            "start > S > end; x > end2",
            {"S": sub("i_start > i_bad", i_bad=end(error("E"))), "x": boundary("S", error("E"))},
        ),
        (
            "start > S > end; x > end2",
            {"S": sub("i_start > i_bad", i_bad=end(error("E"))), "x": boundary("S", error())},
        ),
        ("start > bad", {"bad": end(error("E")), "h": handler("hs > hx > h_end", error("E"))}),
        # one after the other is not side by side
        ("start > a > b > end", {"a": script("x = 1"), "b": script("x = 2")}),
        (
            "start > g; g [x] > a > end; g [] > b > end2",
            {"g": exclusive(), "a": script("y = 1"), "b": script("y = 2"), "c": user()},
        ),
        (
            "start > m > f > a > j > c > g; f > b > j; g [x] > m; g [] > end",
            {
                "m": exclusive(),
                "f": parallel(),
                "j": parallel(),
                "g": exclusive(),
                "a": script("x = 1"),
                "c": script("x = 2"),
            },
        ),
        # an interrupting handler runs alone
        (
            "start > a > end",
            {"a": script("x = 1"), "h": handler("hs > hx > h_end", message("m"), True, hx=script("x = 2"))},
        ),
        # loop variables and payloads are locals
        (
            "start > z > S > end",
            {
                "z": script("xs = [1]"),
                "S": sub("i_start > i > i_end", each("xs", "x", "os", "o"), i=script("o = x + 1")),
                "h": handler("hs > hx > h_end", message("m", "extra"), False, hx=service("v.x", n="extra.pages")),
            },
        ),
        # a fork of exclusive choices, joined
        (
            "start > f > g > a > m > j > end; g [x] > m; g [] > a; f > b > j",
            {"f": parallel(), "g": exclusive(), "m": exclusive(), "j": parallel()},
        ),
    ],
)
def test_what_is_no_fault(text: str, nodes: dict[str, Drawn]) -> None:
    text = text.replace("g > a > m", "a > m")
    faults = [f for f in bare(process(text, **nodes)) if "never reached" not in f.reason and "nowhere" not in f.reason]
    assert faults == []


def test_an_error_of_a_called_process_is_the_callers_business() -> None:
    callee = process("q_start > q_bad", "q", q_bad=end(error("E")))
    caller = process("start > c > end", c=call("q"))
    assert found(bare(caller, q_bpmn=callee), "q_bad", "nobody catches")
    caught = process("start > c > end; x > end2", c=call("q"), x=boundary("c", error("E")))
    assert bare(caught, q_bpmn=callee) == []


def test_unwritten_variables_are_warnings_and_forms_write_what_nobody_tells() -> None:
    (warning,) = bare(process("start > a > end", a=script("x = y")))
    assert warning.warning
    assert "warning" in str(warning)
    assert bare(process("start > u > a > end", a=script("x = y"))) == []


def test_instances_side_by_side_are_told_not_to_overwrite_each_other() -> None:
    inside = sub("i_start > keep > look > i_end", each("xs", "x", "os", "o"), keep=script("seen = x"), look=user())
    drawn = process("start > u > S > end", S=inside)
    (warning,) = bare(drawn)
    assert (warning.element, warning.warning) == ("keep", True)
    assert "writes seen in each of several instances side by side" in warning.reason
    assert bare(drawn.replace(b"seen = x", b"o = x")) == []
    assert bare(drawn.replace(b'isSequential="false"', b'isSequential="true"')) == []


def test_where_there_are_lanes_every_node_stands_in_one() -> None:
    drawn = process("start > a > b > end", lanes={"case_handler": ["start", "a", "end"]})
    assert [(f.element, f.reason) for f in bare(drawn)] == [("b", "stands in no lane")]


def test_a_file_without_an_executable_process() -> None:
    source = process("start > a > end").replace(b'isExecutable="true"', b'isExecutable="false"')
    assert found(bare(source), "", "no executable process")


def test_bare_files_are_judged_together() -> None:
    caller, callee = process("start > c > end", c=call("q")), process("q_start > u > q_end", "q")
    table = decision("d", ["x"], ["y"], [(["1"], ["2"])])
    ruled = process("start > u > r > end", r=rule("d"))
    assert found(bare(caller), "c", "there is no process “q”")
    assert bare(caller, q_bpmn=callee) == []
    assert found(bare(ruled), "r", "there is no decision “d”")
    assert bare(ruled, d_dmn=table) == []


def test_strangers_may_use_the_same_ids() -> None:
    assert bare(process("start > a > end"), q_bpmn=process("start > a > end", "q")) == []


def test_a_decision_table_alone_can_be_judged() -> None:
    good = decision("d", ["x"], ["y"], [(["1"], ["2"])])
    assert lint.lint_files({"d.dmn": good}) == []
    assert lint.lint_files({"d.dmn": good.replace(b"UNIQUE", b"PRIORITY")})[0].element == "d"


# ------------------------------------------------------------------------------------------------ bundles

MANIFEST = """
[process]
key = "permit"
title = "许可"
title_en = "Permit"
article = "21.1"
reference_prefix = "XK"
subject = "dataset"
start_form = "request"

[participants.agency]
title = "机关"
title_en = "Agency"
organisation = "code"

[parties.applicant]
title = "申请人"
title_en = "Applicant"

[data]
dataset = "string"
code = "string"
opinion = "string"
supplement = "object"
result = "object"

[deadlines.reply]
title = "答复"
title_en = "Reply"
days = 10
basis = "statutory"
article = "21.1"
owed_by = "agency"
starts_on = "case.submitted"
stops_on = ["notice.dispatched:reply", "case.withdrawn"]

[[messages]]
name = "withdraw"
title = "撤回"
title_en = "Withdraw"
sender = "applicant"
form = "request"
until = "notice.issued:reply"

[[rules]]
task = "review"
refuse_when = "opinion == 'x' and dataset"
field = "opinion"
text = "x"
text_en = "x"

[[separations]]
tasks = ["review", "sign"]
text = "x"
text_en = "x"

[[exclusions]]
tasks = ["sign"]
link = "review"
organisation_of = "data_provider"
text = "x"
text_en = "x"

[[stages]]
key = "work"
title = "x"
title_en = "x"
status = "processing"
nodes = ["review", "sign"]
text = "x"
text_en = "x"
waits_for = "agency"

[outcomes.agreed]
title = "同意"
title_en = "Agreed"
text = "x"
text_en = "x"
"""
NOTICE = """
title = "答复书"
title_en = "Reply"
form = "slip"
issuer = "agency"
addressee = "applicant"
[facts]
reference = "case.reference"
who = "applicant.name if applicant else None"
dataset = "dataset"
"""
LINK = """
[[links]]
kind = "review"
title = "x"
title_en = "x"
processes = ["permit"]
field = "dataset"
code_field = "code"
refuse_when = "switches.silence"
refusal = "x"
refusal_en = "x"
"""
TEXT = {"type": "string", "title": "x", "maxLength": 10}


def form(*fields: str) -> bytes:
    schema = {"type": "object", "title": "x", "properties": dict.fromkeys(fields, TEXT), "additionalProperties": False}
    return json.dumps(schema).encode()


def named(name: str) -> Drawn:
    return user(formJsonSchemaFilename=f"{name}.schema.json")


FLOW = "start > review > sign > issue > decide > end; late > nag > end2"
NODES = {
    "review": named("review"),
    "sign": named("review"),
    "nag": named("review"),
    "issue": service("notice.issue", name="'reply'"),
    "decide": service("case.record_outcome", outcome="'agreed'"),
    "late": boundary("sign", at('deadline("reply")')),
    "w": handler("w_start > w_task > w_end", message("withdraw", "withdrawal"), w_task=named("review")),
}
LANES = {
    "agency.case_handler": ["start", "review", "late", "nag", "end2", "issue", "decide", "end", "w_task"],
    "agency.leader": ["sign"],
    "events": ["w"],
}


def bundle(text: str = FLOW, lanes: Mapping[str, list[str]] = LANES, **nodes: Drawn) -> dict[str, bytes]:
    return {
        "process.toml": MANIFEST.encode(),
        "process.bpmn": with_diagram(process(text, "permit", lanes, **{**NODES, **nodes})),
        "forms/request.schema.json": form("dataset", "code"),
        "forms/review.schema.json": form("opinion"),
        "notices/reply/notice.toml": NOTICE.encode(),
        "notices/reply/body.html.j2": b"<p/>",
        "notices/reply/sample.json": b"{}",
    }


def judged(files: Mapping[str, bytes]) -> list[Fault]:
    roles = frozenset({"case_handler", "leader"})
    return [f for f in lint.lint_bundle(files, lint.vocabulary(registry(), roles)) if not f.warning]


def test_a_good_bundle_has_no_faults() -> None:
    assert judged(bundle()) == []


@pytest.mark.parametrize("place", ["start", "task", "message"])
@pytest.mark.parametrize(
    "demand",
    [
        {"required": ["x"]},
        {"allOf": [{"if": {"required": ["y"]}, "then": {"required": ["x"]}}]},
        {"anyOf": [{"required": ["x"]}]},
    ],
)
def test_no_form_requires_what_the_platform_can_supply_but_under_a_law(place: str, demand: dict[str, object]) -> None:
    """Art. 16: neither at once nor after another answer, in the form of a start, a task or a message."""
    name = {"start": "request", "task": "review", "message": "more"}[place]
    field = {"type": "string", "title": "x", "x-obtainable-via-platform": True}

    def with_field(**law: str) -> dict[str, bytes]:
        schema: dict[str, Any] = {
            "type": "object",
            "title": "x",
            "properties": {"x": field | law, "y": {"type": "string", "title": "y"}},
        }
        files = bundle() | {"forms/more.schema.json": form("opinion")}
        asks = 'sender = "applicant"\nform = "more"'
        manifest = files["process.toml"].decode().replace('sender = "applicant"\nform = "request"', asks)
        assert asks in manifest
        known = json.loads(files[f"forms/{name}.schema.json"])
        schema["properties"] |= known["properties"]
        changed = json.dumps(schema | demand).encode()
        return files | {"process.toml": manifest.encode(), f"forms/{name}.schema.json": changed}

    assert any("Art. 16" in fault.reason for fault in judged(with_field()))
    assert not any("Art. 16" in fault.reason for fault in judged(with_field(**{"x-law": "《行政许可法》第三十一条"})))


def test_the_processes_of_this_city_have_no_faults() -> None:
    folders = definitions.bundle_folders(ROOT / "bpmn")
    assert folders
    for folder in folders:
        files = definitions.read_folder(folder)
        assert lint.lint_bundle(files, lint.vocabulary(registry())) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "element", "part"),
    [
        ("process.toml", 'key = "permit"', 'key = "other"', "process.key", "no process other"),
        ("process.toml", 'title = "许可"', 'titel = "许可"', "", "titel"),
        ("process.toml", "[process]", "[process", "", ""),
        ("process.toml", 'start_form = "request"', 'start_form = "nothing"', "process.start_form", "no form"),
        ("process.toml", 'subject = "dataset"', 'subject = "unknown"', "process.subject", "reads unknown"),
        ("process.toml", 'organisation = "code"', 'organisation = "code."', "participants.agency", "not allowed"),
        ("process.toml", 'dataset = "string"\n', "", "process.start_form", "dataset is not declared"),
        ("process.toml", 'opinion = "string"\n', "", "review", "writes opinion"),
        ("process.toml", "[deadlines.reply]", "[deadlines.answer]", "late", "the deadline reply"),
        ("process.toml", "days = 10", "days = 0", "deadlines.reply", "no days"),
        ("process.toml", 'article = "21.1"\nowed_by', "owed_by", "deadlines.reply", "names its article"),
        ("process.toml", 'owed_by = "agency"', 'owed_by = "x"', "deadlines.reply", "no participant or party"),
        (
            "process.toml",
            "days = 10",
            'days = 10\ndue_on = "dataset"',
            "deadlines.reply",
            "no field of the case can set",
        ),
        ("process.toml", "days = 10", 'days = 10\ndue_on = "datasett"', "deadlines.reply", "reads datasett"),
        ("process.toml", 'title = "申请人"', 'title = "申请人"\nsees = "own"', "", "sees"),
        ("process.toml", 'organisation = "code"', 'organisation = "code"\nsees = "some"', "", "some"),
        (
            "process.toml",
            'starts_on = "case.submitted"',
            'starts_on = "case.opened"',
            "deadlines.reply",
            "nothing makes",
        ),
        (
            "process.toml",
            'starts_on = "case.submitted"',
            'starts_on = "case.sumbitted"',
            "deadlines.reply",
            "nothing makes",
        ),
        (
            "process.toml",
            '"notice.dispatched:reply"',
            '"notice.dispatched:x"',
            "deadlines.reply",
            "there is no notice x",
        ),
        ("process.toml", '"notice.dispatched:reply"', '"whenever"', "deadlines.reply", "not the name of an event"),
        ("process.toml", 'name = "withdraw"', 'name = "other"', "messages.other", "no node waits"),
        ("process.toml", 'name = "withdraw"', 'name = "other"', "w_start", "the message withdraw"),
        (
            "process.toml",
            'sender = "applicant"',
            'sender = "somebody"',
            "messages.withdraw",
            "neither a party nor a lane",
        ),
        ("process.toml", 'form = "request"', 'form = "x"', "messages.withdraw", "no form"),
        (
            "process.toml",
            'until = "notice.issued:reply"',
            'until = "notice.issued:x"',
            "messages.withdraw",
            "no notice x",
        ),
        ("process.toml", 'task = "review"', 'task = "x"', "rules.1", "no user task x"),
        ("process.toml", 'field = "opinion"', 'field = "x"', "rules.1", "no field x"),
        ("process.toml", "opinion == 'x'", "opinion.upper()", "rules.1", "not allowed"),
        ("process.toml", "and dataset", "and unknown", "rules.1", "reads unknown"),
        ("process.toml", 'tasks = ["review", "sign"]', 'tasks = ["review", "x"]', "separations.1", "no user task x"),
        ("process.toml", 'tasks = ["review", "sign"]', 'tasks = ["start", "sign"]', None, None),
        (
            "process.toml",
            'tasks = ["review", "sign"]',
            'tasks = ["w_start", "sign"]',
            "separations.1",
            "no case begins",
        ),
        (
            "process.toml",
            "[outcomes.agreed]",
            "[switches]\nidle = true\n[outcomes.agreed]",
            "switches.idle",
            "reads it",
        ),
        ("process.toml", "[outcomes.agreed]", LINK + "[outcomes.agreed]", "switches.silence", "not declared"),
        ("process.toml", 'tasks = ["sign"]', 'tasks = ["x"]', "exclusions.1", "no user task x"),
        ("process.toml", 'organisation_of = "data_provider"', "", "exclusions.1", "excludes nobody"),
        ("process.toml", 'organisation_of = "data_provider"', 'organisation_of = "x y"', "exclusions.1", "not a name"),
        ("process.toml", 'link = "review"', 'link = "1"', "exclusions.1", "not a name"),
        (
            "process.toml",
            'organisation_of = "data_provider"',
            "units = true\ndeciders = true",
            "exclusions.1",
            "more of",
        ),
        ("process.toml", 'link = "review"', 'link = "review"\nspares = "x"', "exclusions.1", "no participant x"),
        (
            "process.toml",
            'organisation_of = "data_provider"\ntext = "x"',
            'organisation_of = "data_provider"\ntext = " "',
            "exclusions.1",
            "says nothing",
        ),
        ("process.toml", 'nodes = ["review", "sign"]', 'nodes = ["x"]', "stages.work", "no node x"),
        ("process.toml", 'waits_for = "agency"', 'waits_for = "x"', "stages.work", "no participant or party"),
        ("process.toml", "[outcomes.agreed]", "[outcomes.refused]", "decide", "there is no outcome agreed"),
        ("process.toml", 'supplement = "object"', 'len = "object"', "data.len", "use already"),
        ("forms/review.schema.json", '"type"', "type", "", "not JSON"),
        ("forms/review.schema.json", '"title": "x", "properties"', '"properties"', "form", "no title"),
        ("notices/reply/notice.toml", 'issuer = "agency"', 'issuer = "x"', "issuer", "no participant x"),
        (
            "notices/reply/notice.toml",
            'addressee = "applicant"',
            'addressee = "x"',
            "addressee",
            "no participant or party",
        ),
        ("notices/reply/notice.toml", 'form = "slip"', 'form = "letter"', "series", "numbered"),
        ("notices/reply/notice.toml", "case.reference", "case.reference(", "facts.reference", "not allowed"),
        ("notices/reply/notice.toml", 'dataset = "dataset"', 'dataset = "datasett"', "facts.dataset", "reads datasett"),
        ("notices/reply/notice.toml", 'form = "slip"', 'form = "poem"', "", "poem"),
        ("notices/reply/notice.toml", "[facts]", 'attached = ["x"]\n[facts]', "attached", "no fact x"),
        (
            "notices/reply/notice.toml",
            "[facts]",
            'attached = ["code"]\n[facts]\ncode = "query_code"',
            "attached",
            "query code",
        ),
        ("notices/reply/sample.json", "{}", "{", "", "not JSON"),
        ("process.bpmn", "'reply'", "'other'", "issue", "no notice other"),
        ("process.bpmn", "'reply'", "'other'+'x'", None, None),
        ("process.bpmn", "notice.issue", "notice.print", "issue", "no operation notice.print"),
        ("process.bpmn", 'parameter id="name"', 'parameter id="nmae"', "issue", "no parameter nmae"),
        ("process.bpmn", 'parameter id="name"', 'parameter id="nmae"', "issue", "needs the parameter name"),
        ("process.bpmn", "value=\"'reply'\"", 'value="5"', "issue", "does not fit"),
        ("process.bpmn", "review.schema.json", "x.schema.json", "review", "no form forms/x.schema.json"),
        ("process.bpmn", "formJsonSchemaFilename", "somethingElse", "review", "names no form"),
        ("process.bpmn", "agency.case_handler", "agency.poet", "review", "the role poet"),
        ("process.bpmn", "agency.case_handler", "nobody.leader", "review", "the participant nobody"),
        ("process.bpmn", "agency.case_handler", "office", "review", "not of the form participant.role"),
        ("process.bpmn", 'bpmnElement="sign"', 'bpmnElement="zzz"', "sign", "no place in the diagram"),
        ("process.bpmn", "bpmnElement=", "somethingElse=", "permit", "has no diagram"),
    ],
)
def test_faults_of_bundles(file: str, old: str, new: str, element: str | None, part: str | None) -> None:
    files = bundle()
    text = files[file].decode()
    assert old in text
    files[file] = text.replace(old, new).encode()
    faults = judged(files)
    if element is None:
        assert faults == []
    else:
        assert found(faults, element, str(part)), faults


@pytest.mark.parametrize(
    ("missing", "element", "part"),
    [
        ("process.toml", "", "is missing"),
        ("process.bpmn", "process.key", "no process permit"),
        ("forms/review.schema.json", "review", "no form"),
        ("notices/reply/body.html.j2", "", "is missing"),
        ("notices/reply/notice.toml", "issue", "no notice reply"),
    ],
)
def test_missing_files(missing: str, element: str, part: str) -> None:
    files = {name: content for name, content in bundle().items() if name != missing}
    assert found(judged(files), element, part)


def test_undeclared_fields_and_side_by_side_forms() -> None:
    text = "start > f > review > j > end; f > sign > j"
    lanes = {"agency.case_handler": ["start", "f", "review", "sign", "j", "end", "w", "w_task"]}
    nodes = {"f": parallel(), "j": parallel()}
    files = bundle(text, lanes, **nodes)
    files["process.bpmn"] = with_diagram(
        process(text, "permit", lanes, **nodes, review=named("review"), sign=named("review"), w=NODES["w"])
    )
    assert found(judged(files), "review", "writes opinion side by side with sign")
    files = bundle(decide=script("unknown = missing"))
    assert found(judged(files), "decide", "writes unknown")
    assert found(judged(files), "decide", "reads missing")


def test_a_process_without_lanes() -> None:
    assert found(judged(bundle(lanes={})), "permit", "has no lanes")


def test_a_second_pool_never_begins_and_hears_nothing() -> None:
    """By BPMN the message of one pool would begin the other; here nothing does, and what it waits for nobody could send."""
    lanes = {"agency.case_handler": ["q_start", "q_task", "q_end"]}
    other = process("q_start > q_task > q_end", "q", lanes, q_start=start(message("withdraw")), q_task=named("review"))
    files = bundle(w=handler("w_start > w_task > w_end", message("later"), w_task=named("review")))
    files["other.bpmn"] = with_diagram(other)
    faults = judged(files)
    assert found(faults, "q", "nothing calls this process")
    assert found(faults, "messages.withdraw", "no node waits for this message")
    files["other.bpmn"] = files["other.bpmn"].replace(b'isExecutable="true"', b'isExecutable="false"')
    assert not found(judged(files), "q", "nothing calls this process")


def test_a_message_that_is_only_thrown_is_waited_for_by_nobody() -> None:
    files = bundle(w=handler("w_start > w_task > w_end", message("later"), w_task=throw(message("withdraw"))))
    assert found(judged(files), "messages.withdraw", "no node waits for this message")


CLOSE = service("case.close")


@pytest.mark.parametrize(
    ("text", "nodes", "open_ends"),
    [
        ("start > end", {}, "end"),
        ("start > c > end", {}, None),
        ("start > g; g [code] > c > end; g [] > end2", {"g": exclusive()}, "end2"),
        ("start > c > end; t > end2", {"t": boundary("c", error("E"))}, "end2"),
        ("start > f > c > end; f > b > end2", {"f": parallel(), "b": script("code = 'x'")}, None),
        ("start > c > end", {"h": handler("h_start > h_end", message("m"))}, "h_end"),
        ("start > c > end", {"h": handler("h_start > h_end", message("m"), False)}, None),
        ("start > S > end", {"S": sub("i_start > c > i_end", c=CLOSE)}, None),
        ("start > S > end", {"S": sub("i_start > c > i_end", each("code", "x"), c=CLOSE)}, "end"),  # of an empty list
        (
            "start > S > end; x > end2",
            {
                "S": sub(
                    "i_start > g; g [code] > i_end; g [] > c > i_end2", g=exclusive(), i_end=end(error("E")), c=CLOSE
                )
            }
            | {"x": boundary("S", error("E"))},
            "end2",
        ),
        ("start > m > g; g [code] > m; g [] > c > end", {"m": exclusive(), "g": exclusive()}, None),
    ],
)
def test_a_flow_that_ends_while_its_case_is_open_is_warned_of(
    text: str, nodes: dict[str, Drawn], open_ends: str | None
) -> None:
    processes = read({"p.bpmn": process(text, **({"c": CLOSE} if " c " in text else {}), **nodes)}).processes
    operations = lint.vocabulary(registry()).operations
    warned = [fault.reason for fault in ending_lint.ending_faults(processes["p"], processes, operations)]
    assert [reason.partition(" while")[0] for reason in warned] == ([f"can end at {open_ends}"] if open_ends else [])


def test_a_bundle_of_rubbish_ends_with_faults() -> None:
    for content in (b"", b"\0\xff\xfe", b"{" * 10_000, b"[" * 10_000, "x = 1\n".encode("utf-16"), b"a.b = " * 5000):
        files = dict.fromkeys(bundle(), content)
        assert judged(files)
    assert judged({})
