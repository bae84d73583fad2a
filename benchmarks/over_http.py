"""Tasks completed through ``/api/v1`` of a real ``duban serve``, by one client and by four, beside its simplest answer.

The server runs in a process of its own on 127.0.0.1; each client keeps its connection. Run by ``make bench``.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.support import busy
from benchmarks.support.figures import p95
from benchmarks.support.installation import Installation, installations, role_of
from benchmarks.support.server import serving

REQUESTS = 120  # for each figure, divided among the clients
WARMING = 10


class Client:
    """A program with a token, and one connection that it keeps."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> None:
        self._ask("GET", path, None)

    def complete(self, task_id: str, node: str) -> None:
        body = json.dumps({"form": busy.answers(node, "ok")})
        self._ask("POST", f"/api/v1/tasks/{task_id}/complete", body)

    def _ask(self, method: str, path: str, body: str | None) -> None:
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")


def timed(clients: list[Client], acts: list[Callable[[Client], None]]) -> tuple[list[float], float]:
    """Share the acts among the clients; the milliseconds of each, and how many a second all together."""

    def work(number: int) -> list[float]:
        times = []
        for act in acts[number :: len(clients)]:
            begun = perf_counter()
            act(clients[number])
            times.append((perf_counter() - begun) * 1000)
        return times

    begun = perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        times = [t for of_one in pool.map(work, range(len(clients))) for t in of_one]
    return times, len(acts) / (perf_counter() - begun)


def show(title: str, measured: tuple[list[float], float]) -> None:
    times, rate = measured
    print(f"  {title:44}{rate:10.0f}{median(times):10.1f}{p95(times):10.1f}")


def measure(at: Installation, port: int) -> None:
    print(f"\nover HTTP on {at.name:31}{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}")
    filed = [at.file() for _ in range(REQUESTS + WARMING)]
    for count, node in ((1, "register"), (4, "legal")):
        clients = [Client(port, at.tokens[role_of(node)]) for _ in range(count)]
        doing = [partial(Client.complete, task_id=at.open_task(case_id, node), node=node) for case_id in filed]
        timed(clients, doing[:WARMING])
        floor = timed(clients, [partial(Client.get, path="/healthz")] * REQUESTS)
        known = timed(clients, [partial(Client.get, path="/api/v1/tasks/counts")] * REQUESTS)
        done = timed(clients, doing[WARMING:])
        who = "one client" if count == 1 else f"{count} clients"
        show(f"tasks completed, {who}", done)
        show(f"/healthz, {who}", floor)
        show(f"/api/v1/tasks/counts, {who}", known)


def main() -> None:
    with installations() as made:
        for at in made:
            with serving(at.settings) as server:
                measure(at, server.port)


if __name__ == "__main__":
    main()
