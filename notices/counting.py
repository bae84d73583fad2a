"""The counted days as a small calendar: how a due date came about, to be seen at a glance.

A template writes ``{{ counting_calendar(explanation) }}``, the explanation being what ``engine.calendars`` says about every day
(``Explanation.as_json()``, or a document that holds it as ``days``).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from notices.paper import TemplateFaulty

WEEKDAYS = {"zh-CN": "一 二 三 四 五 六 日", "en": "Mon Tue Wed Thu Fri Sat Sun"}
LABELS = {
    "zh-CN": {
        "start": "起算日，不计",
        "due": "最迟答复",
        "number": "第{}日",
        "numbered_rest": "第{}日{}",
        "makeup": "上班",
        "holiday": "放假",
        "weekend": "周末",
        "gap": "……",
    },
    "en": {
        "start": "start",
        "due": "due",
        "number": "day {}",
        "numbered_rest": "day {}, off",
        "makeup": " (work)",
        "holiday": "holiday",
        "weekend": "weekend",
        "gap": "…",
    },
}
LONGEST, SHOWN_FIRST, SHOWN_LAST = 10, 2, 6
"""Of a period of more weeks, the first and last are shown, and a row of dots between them."""


def counting_calendar(explanation: Any, lang: str, start: str = "", due: str = "") -> Markup:
    """The element that shows a counted period; ``start`` and ``due`` replace the words on the first and the last day."""
    notes = _notes(explanation)
    labels = {**LABELS[lang], **({"start": start} if start else {}), **({"due": due} if due else {})}
    monday = min(notes) - timedelta(days=min(notes).weekday())
    count = (max(notes) - monday).days // 7 + 1
    weeks = [_week(monday + timedelta(weeks=number), notes, labels) for number in range(count)]
    if count > LONGEST:
        gap = Markup("<week>{}</week>").format(Markup("<day>{}</day>").format(labels["gap"]) * 7)
        weeks = [*weeks[:SHOWN_FIRST], gap, *weeks[-SHOWN_LAST:]]
    return Markup('<counting-calendar weekdays="{}">{}</counting-calendar>').format(
        WEEKDAYS[lang], Markup("").join(weeks)
    )


def _notes(explanation: Any) -> dict[date, Mapping[str, Any]]:
    days = explanation.get("days") if isinstance(explanation, Mapping) else explanation
    if not isinstance(days, Sequence) or isinstance(days, str) or not days:
        raise TemplateFaulty(sentence="counting_calendar needs the explanation of a due date, day by day.")
    try:
        notes = {date.fromisoformat(day["date"]): day for day in days}
    except (TypeError, KeyError, ValueError) as fault:
        raise TemplateFaulty(sentence=f"counting_calendar cannot read a day: {fault}.") from fault
    if max(notes) - min(notes) > timedelta(days=4000):
        raise TemplateFaulty(sentence="counting_calendar cannot show more than ten years.")
    return notes


def _week(monday: date, notes: Mapping[date, Mapping[str, Any]], labels: Mapping[str, str]) -> Markup:
    days = (monday + timedelta(days=offset) for offset in range(7))
    return Markup("<week>{}</week>").format(Markup("").join(_day(day, notes.get(day), labels) for day in days))


def _day(day: date, note: Mapping[str, Any] | None, labels: Mapping[str, str]) -> Markup:
    role, label = _said(note, labels) if note else ("outside", "")
    return Markup('<day date="{}" role="{}">{}</day>').format(f"{day.month}/{day.day}", role, label)


def _said(note: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[str, str]:
    """The role of a day in the picture, and its words: a number where it counts, the reason where it is a rest day."""
    verdict, number, kind = note.get("verdict"), note.get("number"), note.get("kind")
    match verdict:
        case "start" | "due":
            return str(verdict), labels[verdict]
        case "counted" | "workday" | "makeup":
            said = labels["number"].format(number) if number else ""
            return "counted", said + (labels["makeup"] if "makeup" in (verdict, kind) else "")
        case "rolled" | "holiday" | "weekend":
            holiday = verdict == "holiday" or (bool(note.get("holiday")) and kind != "makeup")
            rest = labels["holiday" if holiday else "weekend"]
            return "rest", labels["numbered_rest"].format(number, rest) if number else rest
        case _:
            return "outside", ""
