"""Draws processes at random, but lawfully: blocks with one way in and one way out, nested, and now and then a jump."""

from random import Random

from tests.drawing import (
    TERMINATE,
    Drawn,
    boundary,
    call,
    catch,
    end,
    error,
    escalation,
    exclusive,
    first_of,
    handler,
    inclusive,
    message,
    parallel,
    process,
    signal,
    start,
    sub,
    throw,
    user,
)
from tests.fuzz.stock import Stock

Ends = tuple[str, str]
ALONE = ["task"] * 4 + ["single_"] * 4 + ["catching"] * 2 + ["receiving", "throwing", "several", "several", "rounds"]
NESTED = ["sequence"] * 3 + ["choice", "loop", "fork", "fork", "some_ways", "sub", "sub", "calling", "race", "guarded"]
NESTED += ["several_inside", "rounds_inside", "beside", "beside", "beside", "parting", "alarmed", "tangle", "twice"]
CAUGHT = ["message", "timer", "timer", "timer", "signal", "error", "escalation"]
BESIDE = [kind for kind in CAUGHT if kind != "error"]  # an error always interrupts


class Page:
    """The flows and nodes of one scope while it is drawn."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.lines: list[str] = []
        self.nodes: dict[str, Drawn] = {}
        self.choices: list[str] = []  # gateways that decide, from which a jump may set out
        self.merges: list[str] = []  # gateways that let through whatever comes

    def add(self, name: str, drawn: Drawn) -> str:
        self.nodes[name] = drawn
        return name

    def flow(self, *nodes: str, condition: str | None = None) -> None:
        first, *others = nodes
        label = "" if condition is None else f" [{condition}]"
        self.lines.append(f"{first}{label} > {' > '.join(others)}")

    def has(self, source: str, target: str) -> bool:
        return any(line.startswith(f"{source} ") and line.endswith(f"> {target}") for line in self.lines)


class Sketch(Stock):
    """One random drawing: the process ``p`` and those that it calls, as files."""

    def __init__(self, random: Random, depth: int) -> None:
        super().__init__(random)
        self.guards: list[str] = []  # errors that somebody around catches
        self.called: list[str] = []
        text, nodes = self.scope(depth, "p")
        if self.chance(0.1):
            nodes["p_start"] = start(message(self.new("m")))
        self.files["p.bpmn"] = process(text, **nodes)

    # ------------------------------------------------------------------------------------ scopes

    def scope(self, depth: int, prefix: str, last: Drawn | None = None) -> tuple[str, dict[str, Drawn]]:
        """The flows and nodes of a process or subprocess."""
        page = Page(prefix)
        handlers = [self.new("h") for _ in range(self.random.choice([0, 0, 0, 1, 2]) if self.chance(depth / 2) else 0)]
        drawn = {name: self.handler(depth, name) for name in handlers}
        around = len(self.guards)
        self.guards += [code for _, code in drawn.values() if code is not None]
        first, final = self.sequence(depth, page) if depth > 1 else self.block(depth, page)
        page.flow(f"{prefix}_start", first)
        page.flow(final, page.add(f"{prefix}_end", last) if last else self.ending(page))
        del self.guards[around:]
        self.jump(page)
        page.nodes.update({name: handler for name, (handler, _) in drawn.items()})
        return "; ".join(page.lines), page.nodes

    def ending(self, page: Page) -> str:
        """An end of its own kind."""
        name = f"{self.new(page.prefix + '_')}_end"
        if self.guards and self.chance(0.15):
            return page.add(name, end(error(self.random.choice(self.guards), payload=self.payload())))
        if self.chance(0.3):
            return page.add(name, end(self.told(["message", "signal", "escalation"])))
        return page.add(name, end(TERMINATE if self.chance(0.15) else ""))

    def handler(self, depth: int, name: str) -> tuple[Drawn, str | None]:
        """An event subprocess, with the error that it catches from the scope around it."""
        interrupting = self.chance(0.5)
        kinds = CAUGHT if interrupting else BESIDE
        known = len(self.codes)
        event = self.waited(kinds, repeated=not interrupting)
        code = self.codes[-1] if len(self.codes) > known else None
        text, inside = self.scope(max(0, depth - 2), name)
        return handler(_start_first(text, name), event, interrupting, **inside), code

    def jump(self, page: Page) -> None:
        """A way from a choice to some other place of the same scope, past all blocks."""
        if page.choices and page.merges and self.chance(0.3):
            source, target = self.random.choice(page.choices), self.random.choice(page.merges)
            page.flow(source, page.add(self.new("t"), user()), target, condition=self.condition())

    # ------------------------------------------------------------------------------------ blocks

    def block(self, depth: int, page: Page) -> Ends:
        kinds = ALONE + NESTED * 2 if depth > 0 else ALONE
        return getattr(self, self.random.choice(kinds))(depth - 1, page)  # type: ignore[no-any-return]

    def alone(self, page: Page, kind: str, drawn: Drawn) -> Ends:
        name = page.add(self.new(kind), drawn)
        return name, name

    def task(self, depth: int, page: Page) -> Ends:
        return self.alone(page, "t", user())

    def single_(self, depth: int, page: Page) -> Ends:
        return self.alone(page, "a", self.single())

    def catching(self, depth: int, page: Page) -> Ends:
        return self.alone(page, "k", catch(self.waited(["message", "timer", "signal"])))

    def receiving(self, depth: int, page: Page) -> Ends:
        return self.alone(page, "k", Drawn("receiveTask", self.waited(["message"])))

    def throwing(self, depth: int, page: Page) -> Ends:
        event = self.told(["message", "signal", "escalation"]) if self.chance(0.9) else ""
        return self.alone(page, "w", throw(event))

    def several(self, depth: int, page: Page) -> Ends:
        return self.alone(page, "e", self.single(*self.repetition()))

    def rounds(self, depth: int, page: Page) -> Ends:
        return self.alone(page, "e", self.single(self.round(resting=False)))

    def sequence(self, depth: int, page: Page) -> Ends:
        first, last = self.block(depth, page)
        for _ in range(self.random.randint(1, 2)):
            begin, final = self.block(depth, page)
            page.flow(last, begin)
            last = final
        return first, last

    def split(self, depth: int, page: Page, kind: Drawn, choosing: bool) -> Ends:
        first, last = page.add(self.new("g"), kind), page.add(self.new("g"), kind)
        branches = self.random.randint(2, 3)
        for number in range(branches):
            condition = None if not choosing else "" if number == branches - 1 else self.condition()
            if choosing and self.chance(0.15) and not page.has(first, last):
                page.flow(first, last, condition=condition)
                continue
            begin, final = self.block(depth, page)
            page.flow(first, begin, condition=condition)
            page.flow(final, last)
        return first, last

    def choice(self, depth: int, page: Page) -> Ends:
        first, last = self.split(depth, page, exclusive(), True)
        page.choices.append(first)
        page.merges.append(last)
        return first, last

    def fork(self, depth: int, page: Page) -> Ends:
        return self.split(depth, page, parallel(), False)

    def some_ways(self, depth: int, page: Page) -> Ends:
        """An inclusive choice; in a subprocess, since its join may be in no loop."""
        name = self.new("s")
        inner = Page(name)
        first, last = self.split(depth, inner, inclusive(), True)
        inner.flow(f"{name}_start", first)
        inner.flow(last, f"{name}_end")
        self.jump(inner)
        return self.alone(page, "s", sub("; ".join(inner.lines), **inner.nodes))

    def parting(self, depth: int, page: Page) -> Ends:
        """Branches that never meet again; in a subprocess, which waits for all of them."""
        name = self.new("s")
        inner = Page(name)
        gateway = inner.add(f"{name}_g", parallel())
        inner.flow(f"{name}_start", gateway)
        for _ in range(2):
            begin, final = self.block(depth, inner)
            inner.flow(gateway, begin)
            inner.flow(final, self.ending(inner))
        return self.alone(page, "s", sub("; ".join(inner.lines), **inner.nodes))

    def tangle(self, depth: int, page: Page) -> Ends:
        """Branches that may or may not come to an inclusive join; in a subprocess."""
        name = self.new("s")
        inner = Page(name)
        fork, join = inner.add(f"{name}_g", parallel()), inner.add(f"{name}_j", inclusive())
        inner.flow(f"{name}_start", fork)
        for _ in range(self.random.randint(2, 3)):
            begin, final = getattr(self, self.random.choice(["block", "beside", "choice"]))(depth - 1, inner)
            inner.flow(fork, begin)
            if self.chance(0.5):
                inner.flow(final, join)
                continue
            leaving = inner.add(self.new("g"), exclusive())
            inner.flow(final, leaving)
            inner.flow(leaving, join, condition=self.condition())
            inner.flow(leaving, self.block(0, inner)[0], condition="")
            inner.merges.append(leaving)
        inner.flow(join, self.block(0, inner)[0])
        self.jump(inner)
        return self.alone(page, "s", sub("; ".join(inner.lines), **inner.nodes))

    def twice(self, depth: int, page: Page) -> Ends:
        """Two tokens on one way; in a subprocess, which waits for both."""
        name = self.new("s")
        inner = Page(name)
        fork, merge = inner.add(f"{name}_g", parallel()), inner.add(f"{name}_m", exclusive())
        inner.flow(f"{name}_start", fork)
        for _ in range(2):
            begin, final = self.block(0, inner)
            inner.flow(fork, begin)
            inner.flow(final, merge)
        first, last = self.block(depth, inner)
        inner.flow(merge, first)
        inner.flow(last, self.ending(inner))
        return self.alone(page, "s", sub("; ".join(inner.lines), **inner.nodes))

    def loop(self, depth: int, page: Page) -> Ends:
        first, last = page.add(self.new("g"), exclusive()), page.add(self.new("g"), exclusive())
        begin, final = self.block(depth, page)
        after = page.add(self.new("t"), user())
        page.flow(first, begin)
        page.flow(final, page.add(self.new("t"), user()), last)
        page.flow(last, first, condition=self.condition())
        page.flow(last, after, condition="")
        page.merges.append(first)
        page.choices.append(last)
        return first, after

    def race(self, depth: int, page: Page, told: str | None = None) -> Ends:
        """Whichever comes first; ``told`` is a signal that is among it."""
        first, last = page.add(self.new("g"), first_of()), page.add(self.new("g"), exclusive())
        kinds = self.random.sample(["message", "message", "timer", "signal", "receive"], self.random.randint(2, 3))
        kinds = ["signal", "message"] if told else kinds
        for kind in kinds:
            waiting = Drawn("receiveTask", message(self.added(self.heard["message"], "m")))
            if kind != "receive":
                waiting = catch(signal(told) if told and kind == "signal" else self.waited([kind]))
            event = page.add(self.new("k"), waiting)
            begin, final = self.block(depth, page)
            page.flow(first, event, begin)
            page.flow(final, last)
        page.merges.append(last)
        return first, last

    # ------------------------------------------------------------------------------------ scopes within

    def sub(self, depth: int, page: Page) -> Ends:
        name = self.new("s")
        text, inner = self.scope(depth, name)
        return self.alone(page, "s", sub(text, **inner))

    def calling(self, depth: int, page: Page, repeat: str = "") -> Ends:
        return self.alone(page, "q", self.call(depth, repeat))

    def call(self, depth: int, repeat: str = "") -> Drawn:
        """A call of a process, of a new one or one that others call too."""
        if not self.called or self.chance(0.6):
            guards, self.guards = self.guards, []  # it does not know who calls it
            name = self.new("called")
            text, inner = self.scope(depth, name)
            self.files[f"{name}.bpmn"] = process(text, name, **inner)
            self.called.append(name)
            self.guards = guards
        return call(self.random.choice(self.called), repeat)

    def several_inside(self, depth: int, page: Page) -> Ends:
        repeat, item, result = self.repetition()
        if self.chance(0.3) and result is None:
            return self.calling(depth, page, repeat)
        return self.alone(page, "e", self.repeated(depth, repeat, item, result))

    def repeated(self, depth: int, repeat: str, item: str | None, result: str | None) -> Drawn:
        """A subprocess for each; what it results in is written last."""
        name = self.new("s")
        if result is None:
            text, inner = self.scope(max(0, depth - 1), name)
            return sub(text, repeat, **inner)
        page = Page(name)
        first, final = self.block(max(0, depth - 1), page)
        page.flow(f"{name}_start", first)
        page.flow(final, page.add(self.new("a"), self.script("", item, result)), f"{name}_end")
        return sub("; ".join(page.lines), repeat, **page.nodes)

    def rounds_inside(self, depth: int, page: Page) -> Ends:
        if self.chance(0.3):
            return self.calling(depth, page, self.round(resting=False))
        name = self.new("s")
        inner = Page(name)
        first, final = self.block(depth, inner)
        inner.flow(f"{name}_start", first)
        inner.flow(final, inner.add(self.new("t"), user()), f"{name}_end")
        return self.alone(page, "e", sub("; ".join(inner.lines), self.round(resting=True), **inner.nodes))

    # ------------------------------------------------------------------------------------ events beside an activity

    def beside(self, depth: int, page: Page) -> Ends:
        """An activity with events on its border."""
        kinds = ["task", "single_", "sub", "calling", "several", "several_inside", "rounds", "receiving"]
        host = getattr(self, self.random.choice(kinds))(depth, page)[0]
        last = page.add(self.new("g"), exclusive())
        page.flow(host, last)
        for _ in range(self.random.randint(1, 2)):
            interrupting = self.chance(0.5)
            event = self.waited(CAUGHT if interrupting else BESIDE, not interrupting)
            self.exit(page, depth, page.add(self.new("b"), boundary(host, event, interrupting)), last, interrupting)
        page.merges.append(last)
        return host, last

    def exit(self, page: Page, depth: int, event: str, last: str, joins: bool) -> None:
        begin, final = self.block(max(0, depth), page)
        page.flow(event, begin)
        page.flow(final, last if joins else self.ending(page))

    def alarmed(self, depth: int, page: Page) -> Ends:
        """Something that waits for a signal, and beside it somebody who gives it."""
        fork, join = page.add(self.new("g"), parallel()), page.add(self.new("g"), parallel())
        name = self.added(self.heard["signal"], "g")
        first, last = (self.race if self.chance(0.3) else self.startled)(depth, page, name)
        page.flow(fork, first)
        page.flow(last, join)
        page.flow(fork, page.add(self.new("t"), user()), page.add(self.new("w"), throw(signal(name))), join)
        return fork, join

    def startled(self, depth: int, page: Page, told: str) -> Ends:
        """An activity with a signal on its border."""
        host = getattr(self, self.random.choice(["task", "single_", "sub", "several"]))(depth - 1, page)[0]
        last, interrupting = page.add(self.new("g"), exclusive()), self.chance(0.5)
        page.flow(host, last)
        event = page.add(self.new("b"), boundary(host, signal(told), interrupting))
        self.exit(page, max(0, depth - 1), event, last, interrupting)
        return host, last

    def guarded(self, depth: int, page: Page) -> Ends:
        """A subprocess in which errors may be thrown and escalations told, caught on its border."""
        code, told = self.added(self.codes, "E"), self.added(self.heard["escalation"], "L")
        self.guards.append(code)
        name = self.new("s")
        if self.chance(0.5):
            text, inner = self.scope(depth, name)
        else:
            text, inner = self.scope(depth, name, end(error(code)))
        self.guards.pop()
        host = page.add(name, sub(text, **inner))
        last = page.add(self.new("g"), exclusive())
        page.flow(host, last)
        catches = [code, None] if self.chance(0.4) else [code] if self.chance(0.7) else [None]
        for caught in self.random.sample(catches, len(catches)):
            self.exit(page, depth, page.add(self.new("b"), boundary(host, error(caught))), last, True)
        if self.chance(0.4):
            interrupting = self.chance(0.5)
            event = page.add(self.new("b"), boundary(host, escalation(told), interrupting))
            self.exit(page, depth, event, last, interrupting)
        return host, last


def _start_first(text: str, name: str) -> str:
    """The flows with the one from the start in front."""
    lines = text.split("; ")
    first = next(line for line in lines if line.startswith(f"{name}_start "))
    return "; ".join([first, *(line for line in lines if line is not first)])
