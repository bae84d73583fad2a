"""``duban migrate``: bring running cases to another version of their process, or back."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_errors import refuse

if TYPE_CHECKING:
    from engine.migration_plans import CasePlan

LAST_VERSION = 2**31 - 1  # that a database can count
KINDS = {
    "possible": "can go over",
    "hindered": "cannot",
    "migrated": "went over",
    "returned": "went back",
    "failed": "failed",
}


def migrate(
    key: Annotated[str, typer.Argument(help="Key of the process, e.g. open_data_request", show_default=False)] = "",
    to: Annotated[
        int | None, typer.Option("--to", help="Number of the version", min=1, max=LAST_VERSION, show_default=False)
    ] = None,
    from_version: Annotated[
        int | None,
        typer.Option("--from", help="Only cases on this version", min=1, max=LAST_VERSION, show_default=False),
    ] = None,
    case: Annotated[
        list[str] | None, typer.Option("--case", help="Only this case, by its number; may be repeated")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen")] = False,
    batch: Annotated[int, typer.Option(help="How many cases are looked for at a time", min=1, max=1000)] = 50,
    reason: Annotated[str, typer.Option(help="Why; it is recorded with every case")] = "",
    undo: Annotated[str, typer.Option(help="Take back what was done under this number")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
) -> None:
    """Bring running cases to another version of their process. Exit code 0, or 1 when a case stays behind."""
    from api.cli import open_database
    from engine import instance_migration, migration_plans
    from engine.access import SYSTEM
    from engine.models import new_id

    if bool(undo) == bool(key) or (key and to is None):
        refuse("Say a process and --to VERSION, or --undo NUMBER.")
    if not dry_run and not reason:
        refuse("Say why with --reason, or look first with --dry-run.")
    if undo and dry_run:
        refuse("--dry-run goes with a process and a version, not with --undo.")
    database, run, references = open_database(), undo or new_id(), case or []
    if undo:
        _tell(instance_migration.undo(database, SYSTEM, undo, reason), run, as_json)
    elif dry_run:
        with database.reading(SYSTEM) as reading:
            _tell_plan(migration_plans.plan(reading, key, to or 0, from_version, references), as_json)
    else:
        moved = instance_migration.apply(
            database,
            SYSTEM,
            key,
            to or 0,
            reason,
            from_version=from_version,
            references=references,
            batch=batch,
            run=run,
        )
        if not as_json:
            print(f"Migration {run}; to take it back: duban migrate --undo {run} --reason …", flush=True)
        _tell(moved, run, as_json)


def _tell_plan(plans: "list[CasePlan]", as_json: bool) -> None:
    """The plan: counts first, then one line a case."""
    if as_json:
        _print_json(plans, None)
    else:
        print(_counted(plans))
        for plan in plans:
            print(_line(plan))
    _end(plans)


def _tell(done: "Iterable[CasePlan]", run: str, as_json: bool) -> None:
    """What became of each case, as it happens; the counts at the end."""
    plans = []
    for plan in done:
        plans.append(plan)
        if not as_json:
            print(_line(plan), flush=True)
    if as_json:
        _print_json(plans, run)
    else:
        print(_counted(plans))
    _end(plans)


def _counted(plans: "list[CasePlan]") -> str:
    counts = _counts(plans)
    versions = ", ".join(
        f"{sum(p.from_version == v for p in plans)} on version {v}" for v in sorted({p.from_version for p in plans})
    )
    told = ", ".join(f"{count} {KINDS[kind]}" for kind, count in counts.items())
    return (
        f"{len(plans)} case{'' if len(plans) == 1 else 's'} ({versions}): {told}."
        if plans
        else "There are no such cases."
    )


def _counts(plans: "list[CasePlan]") -> dict[str, int]:
    return {kind: count for kind in KINDS if (count := sum(plan.outcome == kind for plan in plans))}


def _line(plan: "CasePlan") -> str:
    """One case: where it comes from and goes to, what becomes of it, and all remarks."""
    parts = [f"{plan.reference}  {plan.from_version} → {plan.to_version}  {KINDS[plan.outcome]}"]
    parts += [f"{remark.place}: {remark.sentence}" for remark in plan.obstacles]
    hindered = {remark.place for remark in plan.obstacles}
    stays = [f"{place.node} ({place.kind})" for place in plan.stays if place.node not in hindered]
    parts += [f"stays: {', '.join(stays)}"] if stays else []
    parts += [f"begins to listen: {', '.join(plan.begins)}"] if plan.begins else []
    parts += [f"note: {remark}" for remark in plan.warnings]
    return "; ".join(parts)


def _print_json(plans: "list[CasePlan]", run: str | None) -> None:
    document = {"run": run, "counts": _counts(plans), "cases": [asdict(plan) for plan in plans]}
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _end(plans: "list[CasePlan]") -> None:
    behind = any(plan.outcome in ("hindered", "failed") for plan in plans)
    raise typer.Exit(1 if behind else 0)
