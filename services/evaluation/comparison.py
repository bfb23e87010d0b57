"""How do two documents differ? Pure: JSON in, a list of places out."""

from __future__ import annotations

from collections.abc import Iterator

Json = object


def differences(first: Json, second: Json) -> list[dict[str, Json]]:
    """Where two documents differ: `{pointer, first?, second?}`, in the order of the pointers' text.

    Members of arrays that have a `code` or `id` are matched by it, others by their place. A pointer leads into the
    first document, or into the second where only that has the place; `second_pointer` is added where the same thing
    stands elsewhere in the second.
    """
    return list(_differences(first, second, "", ""))


def _differences(first: Json, second: Json, at: str, at_second: str) -> Iterator[dict[str, Json]]:
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            step = "/" + str(name).replace("~", "~0").replace("/", "~1")
            if name not in second:
                yield {"pointer": at + step, "first": first[name]}
            elif name not in first:
                yield {"pointer": at_second + step, "second": second[name]}
            else:
                yield from _differences(first[name], second[name], at + step, at_second + step)
    elif isinstance(first, list) and isinstance(second, list):
        yield from _in_arrays(first, second, at, at_second)
    elif type(first) is not type(second) or first != second:
        found: dict[str, Json] = {"pointer": at, "first": first, "second": second}
        if at != at_second:
            found["second_pointer"] = at_second
        yield found


def _in_arrays(first: list[Json], second: list[Json], at: str, at_second: str) -> Iterator[dict[str, Json]]:
    key = _key(first, second)
    if key is None:
        left: dict[Json, int] = {n: n for n in range(len(first))}
        right: dict[Json, int] = {n: n for n in range(len(second))}
    else:
        left = {item[key]: n for n, item in enumerate(first) if isinstance(item, dict)}
        right = {item[key]: n for n, item in enumerate(second) if isinstance(item, dict)}
    for name, n in left.items():
        if name in right:
            yield from _differences(first[n], second[right[name]], f"{at}/{n}", f"{at_second}/{right[name]}")
        else:
            yield {"pointer": f"{at}/{n}", "first": first[n]}
    for name, n in right.items():
        if name not in left:
            yield {"pointer": f"{at_second}/{n}", "second": second[n]}


def _key(first: list[Json], second: list[Json]) -> str | None:
    """What identifies the members of both arrays: `code` or `id`, where each has its own."""
    for key in ("code", "id"):
        for array in (first, second):
            names = [item.get(key) for item in array if isinstance(item, dict)]
            if len(names) != len(array) or None in names or len(set(map(str, names))) != len(names):
                break
        else:
            return key
    return None
