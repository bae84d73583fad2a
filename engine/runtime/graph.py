"""Loops and reach in drawings: small questions about directed graphs, answered without recursion."""

from collections.abc import Iterable, Mapping, Sequence


def reach(starts: Iterable[str], following: Mapping[str, Sequence[str]]) -> set[str]:
    """All nodes that can be reached, the starts among them."""
    seen = set(starts)
    stack = list(seen)
    while stack:
        for node in following.get(stack.pop(), ()):
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return seen


def reversed_graph(following: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {}
    for node, others in following.items():
        for other in others:
            before.setdefault(other, []).append(node)
    return before


def cycles(following: Mapping[str, Sequence[str]]) -> list[set[str]]:
    """The largest sets of nodes that can all reach each other, and the nodes that lead to themselves."""
    before = reversed_graph(following)
    out: list[set[str]] = []
    assigned: set[str] = set()
    for node in reversed(_finishing_order(following)):
        if node in assigned:
            continue
        group = {node}
        stack = [node]
        while stack:
            for other in before.get(stack.pop(), ()):
                if other not in assigned and other not in group:
                    group.add(other)
                    stack.append(other)
        assigned |= group
        if len(group) > 1 or node in following.get(node, ()):
            out.append(group)
    return out


def _finishing_order(following: Mapping[str, Sequence[str]]) -> list[str]:
    """Nodes in the order in which a depth-first walk leaves them."""
    order: list[str] = []
    seen: set[str] = set()
    for root in following:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(following.get(root, ())))]
        while stack:
            node, rest = stack[-1]
            for other in rest:
                if other not in seen:
                    seen.add(other)
                    stack.append((other, iter(following.get(other, ()))))
                    break
            else:
                order.append(node)
                stack.pop()
    return order
