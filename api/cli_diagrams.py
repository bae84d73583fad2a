"""``duban diagram …``: lay out and draw processes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Lay out and draw processes.", rich_markup_mode=None)
Source = Annotated[Path, typer.Argument(help="A .bpmn file")]


@app.command()
def layout(
    source: Source,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it (default: the file itself)")
    ] = None,
) -> None:
    """Lay the diagrams of a file out anew, in the drawing style."""
    from api import diagrams

    target = output or source
    target.write_bytes(diagrams.layout(source.read_bytes()))
    print(target)


@app.command()
def draw(
    source: Source,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The SVG (default: standard output)")] = None,
    process: Annotated[str | None, typer.Option(help="Id of one process of the file")] = None,
    reader: Annotated[bool, typer.Option("--reader", help="Without what the system does by itself")] = False,
    locale: Annotated[str, typer.Option(help="zh, or en")] = "zh",
) -> None:
    """Draw a process as SVG."""
    from api import diagrams

    drawn = diagrams.draw(source.read_bytes(), process, reader=reader, locale=locale, standalone=True)
    if output is None:
        sys.stdout.write(drawn)
    else:
        output.write_text(drawn, encoding="utf-8")
        print(output)


@app.command()
def check(source: Source) -> None:
    """Say what a reader would see as wrong in a diagram. Exit code 0, or 1 with faults."""
    from api import diagrams

    found = diagrams.faults(source.read_bytes())
    for fault in found:
        print(f"{source}: {fault}")
    raise typer.Exit(1 if found else 0)
