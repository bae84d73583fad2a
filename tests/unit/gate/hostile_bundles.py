"""A catalogue of hostile bundles: each is a sound one with one or two files made hostile."""

import io
import json
import zipfile
from typing import Any

from tests.unit.test_lint import bundle

Files = dict[str, bytes]
FORM: dict[str, Any] = {
    "type": "object",
    "title": "x",
    "additionalProperties": False,
    "properties": {"opinion": {"type": "string", "title": "x"}},
}


def field(**keywords: Any) -> bytes:
    return json.dumps(FORM | {"properties": {"opinion": {"type": "string", "title": "x"} | keywords}}).encode()


def form(**keywords: Any) -> bytes:
    return json.dumps(FORM | keywords).encode()


def deep(opening: str, number: int, inside: str, closing: str) -> bytes:
    return (opening * number + inside + closing * number).encode()


FIELDS: Files = {
    "endless brackets": b"[" * 100_000,
    "brackets that close": deep("[", 100_000, "", "]"),
    "objects within objects": deep('{"a":', 50_000, "1", "}"),
    "properties within properties": deep('{"type":"object","title":"x","properties":{"a":', 3_000, "{}", "}}"),
    "conditions within conditions": form(
        allOf=[json.loads(deep('{"if":{"required":["opinion"]},"then":', 300, "{}", "}"))]
    ),
    "a number of 5,000 digits": b'{"title":' + b"9" * 5_000 + b"}",
    "a number of 200,000 digits": b'{"title":' + b"9" * 200_000 + b"}",
    "an endless number": b'{"type":"object","title":"x","properties":{"opinion":{"maxLength":1e999}}}',
    "not a number": b'{"type":"object","title":"x","properties":{"opinion":{"minimum":NaN}}}',
    "a negative infinity": b'{"a":-Infinity}',
    "the same key twice": b'{"type":"object","type":"array","title":"x","properties":{}}',
    "a million small values": b'{"required":[' + b"1," * 1_000_000 + b"1]}",
    "fifty thousand values of two kinds": b'{"required":[' + b'{"a":1},"b",' * 8_000 + b"1]}",
    "ten thousand names": form(required=[f"f{i}" for i in range(10_000)]),
    "ten thousand fields": form(properties={f"f{i}": {"type": "string", "title": "x"} for i in range(10_000)}),
    "a reference to itself": form(**{"$ref": "#"}),
    "a reference to a file": form(**{"$ref": "file:///etc/passwd"}),
    "a reference to the network": form(properties={"opinion": {"$ref": "http://127.0.0.1:1/x"}}),
    "references in a circle": form(**{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
    "another dialect": form(**{"$schema": "http://127.0.0.1:1/schema"}),
    "a dynamic reference": form(**{"$dynamicRef": "#meta"}),
    "a pattern that never ends": field(pattern="^(a+)+$"),
    "a pattern of alternatives": field(pattern="^(a|a)*$"),
    "a pattern of a hundred stars": field(pattern="^" + "a*" * 60 + "$"),
    "a pattern with look-ahead": field(pattern="^(?=a)a$"),
    "a pattern with a back reference": field(pattern=r"^(a)\1$"),
    "a pattern that counts high": field(pattern="^[a-z]{9999}{9999}$"),
    "a pattern of brackets": field(pattern="^" + "[" * 190),
    "a pattern of backslashes": field(pattern="^" + "\\" * 199),
    "a long pattern": field(pattern="^" + "a" * 100_000),
    "a condition's pattern": form(
        allOf=[{"if": {"required": ["opinion"], "properties": {"opinion": {"pattern": "^(x+x+)+y"}}}}]
    ),
    "a pattern that is a number": field(pattern=5),
    "ten thousand choices": field(oneOf=[{"const": str(i), "title": "x"} for i in range(10_000)]),
    "choices of every kind": field(oneOf=[{"const": [], "title": "x"}, {"const": {}, "title": "x"}]),
    "choices that cannot be compared": field(enum=[{}, {}, [], [[]]]),
    "a null": b"null",
    "a text": b'"text"',
    "a list": b"[]",
    "true": b"true",
    "properties as a list": b'{"properties":[]}',
    "a field that is a list": form(properties={"opinion": []}),
    "a field that is null": form(properties={"opinion": None}),
    "a type that is a list": field(type=["string", "null"]),
    "a type that is an object": field(type={}),
    "items that are a list": field(type="array", items=[]),
    "a negative length": field(minLength=-1),
    "half a length": field(maxLength=1.5),
    "a length as a text": field(maxLength="10"),
    "a length larger than memory": field(minLength=10**18, maxLength=10**19),
    "personal data as an object": field(**{"x-personal": {}}),
    "a mask of lists": field(**{"x-mask": {"list": ["hide"]}}),
    "options of objects": field(**{"x-options": {}, "x-options-extra": {}}),
    "a name with a line break": form(properties={"a\nb: c": {"type": "string", "title": "x"}}),
    "a name of a surrogate": b'{"type":"object","title":"x","properties":{"\\ud800":{"type":"string","title":"x"}}}',
    "a name of Python": form(properties={"__class__": {"type": "string", "title": "x"}}),
    "a title of a surrogate": form(title="\ud800"),
    "a title of a megabyte": form(title="x" * 1_000_000),
    "bad bytes": b'{"title": "\xff\xfe"}',
    "utf-16": json.dumps(FORM).encode("utf-16"),
    "words after the end": json.dumps(FORM).encode() + b" trailing",
    "dependencies": form(dependentRequired={"opinion": "opinion"}),
    "required that is a text": form(required="opinion"),
    "required that is an object": form(required={"opinion": 1}),
    "any of objects": form(anyOf={"required": []}),
    "any of nothing": form(anyOf=[1, None, []]),
}
LOOKS: Files = {
    "a list": b"[]",
    "brackets": b"[" * 100_000,
    "an order of everything": json.dumps({"ui:order": [[], {}, None, 1]}).encode(),
    "an order that is long": json.dumps({"ui:order": ["opinion"] * 50_000}).encode(),
    "a widget that is a list": json.dumps({"opinion": {"ui:widget": ["text"]}}).encode(),
    "a widget that is an object": json.dumps({"opinion": {"ui:widget": {}}}).encode(),
    "rows without end": json.dumps({"opinion": {"ui:options": {"rows": 10**400}}}).encode(),
    "options that are a list": json.dumps({"ui:options": []}).encode(),
    "a part that is null": json.dumps({"opinion": None}).encode(),
    "not a number": b'{"opinion": NaN}',
}
DECLARATIONS: dict[str, tuple[bytes, bytes]] = {  # what is replaced in process.toml, and by what
    "brackets": (b"days = 10", b"days = " + b"[" * 100_000),
    "tables within tables": (b"days = 10", b"days = " + b"{a=" * 50_000),
    "a key of many parts": (b"[process]", b".".join([b"a"] * 60_000) + b" = 1\n[process]"),
    "a key of many spaced parts": (b"[process]", b" . ".join([b"a"] * 60_000) + b" = 1\n[process]"),
    "a header of many parts": (b"[process]", b"[" + b".".join([b"a"] * 60_000) + b"]\n[process]"),
    "keys of many parts within tables": (b"[process]", b"x = {" + b".".join([b"a"] * 60_000) + b" = 1}\n[process]"),
    "many headers": (b"[process]", b"".join(b"[a.b.c%d]\n" % i for i in range(60_000)) + b"[process]"),
    "many tables of a list": (b"[process]", b"[[a]]\n" * 100_000 + b"[process]"),
    "many keys": (b"[process]", b"".join(b"k%d = 1\n" % i for i in range(100_000)) + b"[process]"),
    "a number of 5,000 digits": (b"days = 10", b"days = " + b"9" * 5_000),
    "a hexadecimal number without end": (b"days = 10", b"days = 0x" + b"f" * 200_000),
    "a number of underscores": (b"days = 10", b"days = " + b"1_" * 100_000 + b"1"),
    "endless days": (b"days = 10", b"days = 999999999"),
    "more days than a table holds": (b"days = 10", b"days = 99999999999999999999999999"),
    "days before the beginning": (b"days = 10", b"days = -5"),
    "days that are no number": (b"days = 10", b"days = nan"),
    "days that are a date": (b"days = 10", b"days = 9999-12-31T23:59:59.999999-23:59"),
    "an impossible date": (b"days = 10", b"days = 2026-02-31"),
    "an extension before the beginning": (b"days = 10", b"days = 10\nextension_days = -1"),
    "a text without end": (b'title = "\xe8\xae\xb8\xe5\x8f\xaf"', b'title = """' + b"x" * 300_000),
    "a title of 300,000 characters": (b'title = "\xe8\xae\xb8\xe5\x8f\xaf"', b'title = "' + b"x" * 300_000 + b'"'),
    "escapes": (b'title = "\xe8\xae\xb8\xe5\x8f\xaf"', b'title = "\\u001b[31m\\u202e"'),
    "a surrogate": (b'title = "\xe8\xae\xb8\xe5\x8f\xaf"', b'title = "\\ud800"'),
    "bad bytes": (b"[process]", b"# \xff\xfe\n[process]"),
    "a null": (b"[process]", b"# \0\n[process]"),
    "comments": (b"[process]", b"# x\n" * 60_000 + b"[process]"),
    "twenty thousand rules": (
        b"[[rules]]",
        b'[[rules]]\ntask="review"\nrefuse_when="x"\nfield="opinion"\ntext="x"\ntext_en="x"\n' * 20_000 + b"[[rules]]",
    ),
    "a thousand stages of a thousand nodes": (
        b"[[stages]]",
        (
            b'[[stages]]\nkey="k"\ntitle="x"\ntitle_en="x"\nstatus="x"\ntext="x"\ntext_en="x"\nwaits_for="agency"\n'
            b"nodes=[" + b'"x",' * 1_000 + b"]\n"
        )
        * 40
        + b"[[stages]]",
    ),
    "an expression without end": (b"opinion == 'x' and dataset", b"(" * 3_000),
    "a power": (b"opinion == 'x' and dataset", b"9**9**9**9"),
    "a walk": (b"opinion == 'x' and dataset", b"().__class__.__mro__"),
    "a key that climbs": (b'key = "permit"', b'key = "../../permit"'),
    "a key with a line break": (b'key = "permit"', b'key = "per\\nmit: x"'),
    "a part of Python": (b"[participants.agency]", b"[participants.__class__]"),
    "a part without a name": (b"[participants.agency]", b'[participants.""]'),
    "a clock without a name": (b"[deadlines.reply]", b'[deadlines."\\n"]'),
    "a clock of 5,000 characters": (b"[deadlines.reply]", b"[deadlines." + b"x" * 5_000 + b"]"),
    "an event of 5,000 characters": (b'"case.submitted"', b'"case.' + b"x" * 5_000 + b'"'),
    "a prefix with blanks": (b'reference_prefix = "XK"', b'reference_prefix = "x k/"'),
    "a table twice": (b"[process]", b"[process]\n[process]"),
}
TEMPLATES: Files = {
    "loops within loops": b"{% for a in range(9) %}" * 40 + b"x" + b"{% endfor %}" * 40,
    "conditions within conditions": b"{% if a %}" * 3_000 + b"{% endif %}" * 3_000,
    "a hundred conditions": b"{% if number %}" * 110 + b"{% endif %}" * 110,
    "brackets": b"{{ " + b"(" * 5_000 + b" }}",
    "brackets that close": b"{{ " + b"(" * 90 + b"1" + b")" * 90 + b" }}",
    "lists within lists": b"{{ " + b"[" * 3_000 + b"]" * 3_000 + b" }}",
    "a range without end": b"{% for i in range(999999999999) %}x{% endfor %}",
    "a wide text": b"{{ 'x'|center(999999999) }}",
    "a wide format": b"{{ '%999999999d'|format(1) }}",
    "a wide indent": b"{{ 'a\nb'|indent(999999999) }}",
    "a long batch": b"{{ [1]|batch(999999999, 'x')|list }}",
    "many slices": b"{{ [1]|slice(999999999)|list }}",
    "replacing again and again": b"{{ 'aaaaaaaaaa'" + b"|replace('a', 'aaaaaaaaaa')" * 12 + b" }}",
    "joined again and again": b"{% set a = 'x' %}" + b"{% set a = a ~ a %}" * 60 + b"{{ a }}",
    "a power": b"{{ 9**9**9**9 }}",
    "a product": b"{{ 'x' * 999999999 }}",
    "a list multiplied": b"{{ [1] * 999999999 }}",
    "a number of 5,000 digits": b"{{ " + b"9" * 5_000 + b" }}",
    "a chain of filters": b"{{ number" + b"|upper" * 5_000 + b" }}",
    "a chain of attributes": b"{{ number" + b".a" * 5_000 + b" }}",
    "a chain of additions": b"{{ 1" + b"+1" * 20_000 + b" }}",
    "a chain of negations": b"{{ " + b"not " * 5_000 + b"1 }}",
    "a chain of comparisons": b"{{ 1" + b"<1" * 20_000 + b" }}",
    "many values": b"{{ number }}" * 200_000,
    "a megabyte of words": b"<p>x</p>" * 130_000,
    "a recursive macro": b"{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "a recursive loop": b"{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "a block twice": b"{% block a %}{% endblock %}{% block a %}{% endblock %}",
    "raw": b"{% raw %}" + b"{{" * 50_000,
    "a comment without end": b"{#" * 50_000,
    "opened and never closed": b"{{" * 20_000,
    "quotes": b"{{ '" * 20_000,
    "escapes": b"{{ '" + b"\\u0041" * 5_000 + b"\\ud800' }}",
    "an include": b"{% include '/etc/passwd' %}",
    "an import": b"{% import 'os' as os %}",
    "a walk": b"{{ ''['__class__'] }}{{ ''|attr('__class__') }}",
    "line statements": b"# for x in y\n" * 5_000,
    "bad bytes": b"\xff\xfe",
    "a null": b"{{ number }}\0",
    "autoescape": b"{% autoescape false %}{{ number }}{% endautoescape %}",
    "an unknown tag": b"{% do x %}",
    "a break": b"{% for a in [1] %}{% break %}{% endfor %}",
    "python's own words": b"{% set None = 1 %}{{ None }}{% set class = 1 %}",
    "a name of 60,000 characters": b"{{ " + b"x" * 60_000 + b" }}",
    "full-width names": "{{ ＿＿class＿＿ }}".encode(),
    "a call of 5,000 arguments": b"{{ number(" + b"1," * 5_000 + b") }}",
    "the same argument twice": b"{{ dict(a=1, a=2) }}",
    "two hundred names": b"{% set " + b",".join(b"a%d" % i for i in range(5_000)) + b" = 1 %}",
}
NAMES = {
    "a climbing path": "../../../tmp/evil.toml",
    "an absolute path": "/etc/evil.toml",
    "a null in a path": "forms/\0.schema.json",
    "a line break in a path": "forms/a\nb: c.schema.json",
    "a surrogate in a path": "forms/\ud800.schema.json",
    "an escape in a path": "forms/\x1b[31m.ui.json",
    "a path without end": "x" * 100_000 + ".toml",
    "a folder without end": "a/" * 50_000 + "x.toml",
    "a schema in no folder": "stray.schema.json",
    "a program": "notices/reply/run.py",
    "a notice without a name": "notices//notice.toml",
    "a notice that climbs": "notices/../notice.toml",
    "a drawing in a folder": "deep/er/x.bpmn",
}


def bundles() -> dict[str, Files]:
    """Every hostile bundle by its name."""
    good = bundle()
    out: dict[str, Files] = {}
    for name, content in FIELDS.items():
        out[f"form: {name}"] = good | {"forms/review.schema.json": content}
    for name, content in LOOKS.items():
        out[f"ui: {name}"] = good | {"forms/review.ui.json": content}
    for name, (old, new) in DECLARATIONS.items():
        assert old in good["process.toml"], name
        out[f"declaration: {name}"] = good | {"process.toml": good["process.toml"].replace(old, new, 1)}
    for name, content in TEMPLATES.items():
        out[f"template: {name}"] = good | {"notices/reply/body.html.j2": content}
    for name, content in list(FIELDS.items())[:14]:
        out[f"sample: {name}"] = good | {"notices/reply/sample.json": content}
    for name, path in NAMES.items():
        out[f"name: {name}"] = good | {path: b"\xff{{"}
    out |= large()
    return out


def large() -> dict[str, Files]:
    """Bundles in which no file is large, and all together are."""
    good = bundle()
    notice = good["notices/reply/notice.toml"]
    facts = b"\n".join(b'f%d = "%s"' % (i, b"+".join([b"1"] * 1_900)) for i in range(15))
    return {
        "together: a hundred notices of large expressions": good
        | {f"notices/n{i}/notice.toml": notice + facts for i in range(100)},
        "together: a hundred large templates": good
        | {f"notices/n{i}/notice.toml": notice for i in range(100)}
        | {f"notices/n{i}/body.html.j2": b"{{ number }}" * 5_000 for i in range(100)},
        "together: two hundred large forms": good
        | {
            f"forms/f{i}.schema.json": form(
                properties={f"f{k}": {"type": "string", "title": "x" * 300} for k in range(99)}
            )
            for i in range(200)
        },
        "together: two hundred translations": good | {f"locale/l{i}.toml": b"a.b = 1\n" * 5_000 for i in range(200)},
    }


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()
