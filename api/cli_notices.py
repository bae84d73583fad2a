"""``duban notice …``: what an author of processes looks at: the notices of a bundle, typeset with invented facts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_errors import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

app = typer.Typer(help="Official notices.", rich_markup_mode=None)
BundlePath = Annotated[Path, typer.Argument(help="Folder of a process, e.g. bpmn/open_data_request")]
LARGEST_FACTS = 1024 * 1024


@app.command("list")
def list_notices(bundle: BundlePath) -> None:
    """List the notices of a process: name, title, form, languages, samples."""
    from notices import sample

    found = sample.bundle_of(bundle)
    for name in found.notices():
        rule, languages = found.notice(name), "+".join(sample.languages(found, name))
        print(f"{name}  {rule.title}  {rule.form}  {languages}  {' '.join(sample.cases(found, name))}")


@app.command()
def render(
    bundle: BundlePath,
    name: Annotated[str, typer.Argument(help="Name of the notice: its folder under notices/")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The PDF to write  [NAME.pdf]")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="With the facts of sample.json")] = False,
    case: Annotated[str, typer.Option("--case", help="With those of samples/CASE.json", show_default=False)] = "",
    facts: Annotated[Path | None, typer.Option("--facts", help="With those of a JSON file", show_default=False)] = None,
    lang: Annotated[str, typer.Option(help="zh, or en where there is a courtesy translation")] = "zh",
    draft: Annotated[bool, typer.Option("--draft", help="As a draft, without number, date and seal")] = False,
) -> None:
    """Typeset a notice of a process with invented facts, to see how it looks."""
    from engine import clock
    from notices.sample import USUAL, render_sample

    if sum((sample, bool(case), facts is not None)) != 1:
        refuse(
            "Say which facts: --sample, --case NAME or --facts FILE. A notice of a real case is fetched from its case."
        )
    if lang not in ("zh", "en"):
        refuse(f"The language is zh or en, not {lang[:40]}.")
    given = _facts(facts, name) if facts is not None else None
    content = render_sample(bundle, name, clock.wall(), case or USUAL, lang, draft=draft, facts=given)
    target = output or Path(f"{name}.pdf")
    target.write_bytes(content)
    print(f"{target}: {len(content)} bytes")


def _facts(file: Path, notice: str) -> "Mapping[str, Any]":
    from engine.definitions import read_file
    from notices.sample import parsed

    source = read_file(file, LARGEST_FACTS)
    if len(source) > LARGEST_FACTS:
        refuse(f"{file} is larger than {LARGEST_FACTS // 1024} KB.")
    return parsed(source, notice, str(file))
