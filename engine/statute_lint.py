"""Does a process keep to the law that it cites? Its articles against those that are kept, its clocks against their limits.

The four numbers of the regulation, and whether a limit may be moved, stand with the articles in ``statutes.toml``: a clock of
the law that says another number, or allows what its article does not, is no clock of that law.
"""

from collections.abc import Iterator

from engine.manifest import DeadlineRule, Manifest
from engine.runtime import Fault
from engine.statutes import Articles, Limit

FILE = "process.toml"


def statute_faults(manifest: Manifest, articles: Articles) -> Iterator[Fault]:
    """Articles that nobody keeps, and clocks of the law that differ from it; nothing where no articles are kept."""
    if not articles:
        return
    for name, rule in manifest.deadlines.items():
        where = f"deadlines.{name}"
        article = articles.get((rule.article or "", rule.text_version))
        if rule.article and article is None:
            reason = f"article {rule.article} of the text of {rule.text_version} is not in shared/statutes.toml"
            yield Fault(FILE, where, reason)
        elif article is not None and article.limit is not None and rule.basis == "statutory":
            yield from (Fault(FILE, where, reason) for reason in _beyond(rule, article.limit, article.cited("en")))
    if not any(number == manifest.process.article for number, _ in articles):
        reason = f"article {manifest.process.article} is not in shared/statutes.toml"
        yield Fault(FILE, "process.article", reason)


def _beyond(rule: DeadlineRule, limit: Limit, cited: str) -> Iterator[str]:
    """In what a clock of the law goes beyond its article."""
    if (rule.days, rule.unit) != (limit.days, limit.unit):
        yield f"says {rule.days} {rule.unit} days, and {cited} says {limit.days} {limit.unit} days"
    if rule.extension_days > limit.extension_days:
        most = f"at most {limit.extension_days} days" if limit.extension_days else "none"
        yield f"allows an extension of {rule.extension_days} days; {cited} knows {most}"
    if rule.suspension == "allowed" and limit.suspension != "allowed":
        yield f"allows a suspension; {cited} knows none"
    if rule.restart == "allowed" and limit.restart != "allowed":
        yield f"allows a restart; {cited} knows none"
