"""The language of points.toml: who asks for what, and what the answer must be.

    customer PUT /api/v1/cart/items/$line/ {"quantity": 4}
    → 200 {"items": [{"id": "$line", "price": "<money>"}]}

Lines that begin with blanks go on with the one before. In an expected answer `"<money>"` is any value of that kind,
`"<money?>"` also null, `"<uuid:line>"` also remembers it as $line, `"<absent>"` says that the key must not be there;
everything else must be equal. Objects may have more keys. `[x]` means that there are elements and each is like x,
`[x, "…"]` that one is, `[x, y]` exactly these, `[]` none.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

REQUEST = re.compile(r"(\w+) (GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (\S+)\s*(.*)")
ANSWER = re.compile(r"→ (\d{3})\s*(.*)")
KIND = re.compile(r"<(\w+)(\?)?(?::(\w+))?>")
NAME = re.compile(r"\$(\w+)")
MORE = "…"


def text(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def number(*types: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, types) and not isinstance(value, bool)


KINDS: dict[str, Callable[[Any], bool]] = {
    "uuid": text(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "money": text(r"\d+\.\d\d"),
    "time": text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"),
    "date": text(r"\d{4}-\d\d-\d\d"),
    "slug": text(r"[a-z0-9]+(-[a-z0-9]+)*"),
    "token": text(r"[\w-]+\.[\w-]+\.[\w-]+"),
    "url": text(r"https?://.+"),
    "code": text(r"[a-z][a-z0-9_]*"),
    "text": text(r"(?s).*"),
    "words": text(r"(?s).+"),
    "int": number(int),
    "number": number(int, float),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}


@dataclass(frozen=True)
class Call:
    """One request and what must come back."""

    person: str
    method: str
    url: str
    body: str
    status: int
    answer: str

    @property
    def is_seed(self) -> bool:
        """Whether it is spelled as the seed spells it, and not in PostgREST's grammar."""
        return not self.url.startswith("/rest/v1")


def parse(written: str) -> list[Call]:
    """The calls of a text. Raises ValueError for a line that is none."""
    lines = re.sub(r"\n\s+(?=\S)", " ", written.strip()).splitlines()
    calls = []
    for asked, answered in zip(lines[::2], lines[1::2], strict=True):
        request, answer = REQUEST.fullmatch(asked), ANSWER.fullmatch(answered)
        if not request or not answer:
            raise ValueError(f"not understood: {asked!r} {answered!r}")
        calls.append(Call(*request.groups(), int(answer[1]), answer[2]))
    return calls


def fill(template: str, known: dict[str, str]) -> str:
    """`$name` replaced by what is known under it. Raises KeyError."""
    return NAME.sub(lambda found: known[found[1]], template)


def mistakes(wanted: Any, got: Any, known: dict[str, str], where: str = "answer") -> list[str]:
    """What of `got` is not as wanted, each with its place; what is to be remembered is put into `known`."""
    kind = KIND.fullmatch(wanted) if isinstance(wanted, str) else None
    if kind:
        if not (KINDS[kind[1]](got) or (kind[2] and got is None)):
            return [f"{where} is no {kind[1]}: {got!r}"]
        if kind[3]:
            known[kind[3]] = str(got)
        return []
    if isinstance(wanted, dict):
        return in_object(wanted, got, known, where)
    if isinstance(wanted, list):
        return in_list(wanted, got, known, where)
    same = wanted == got and isinstance(wanted, bool) == isinstance(got, bool)
    return [] if same else [f"{where} is {got!r} and not {wanted!r}"]


def in_object(wanted: dict[str, Any], got: Any, known: dict[str, str], where: str) -> list[str]:
    """As `mistakes`, for an object."""
    if not isinstance(got, dict):
        return [f"{where} is no object: {got!r}"]
    found = []
    for key, value in wanted.items():
        place = f"{where}.{key}"
        if value == "<absent>":
            found += [f"{place} is there"] if key in got else []
        elif key not in got:
            found.append(f"{place} is missing")
        else:
            found += mistakes(value, got[key], known, place)
    return found


def in_list(wanted: list[Any], got: Any, known: dict[str, str], where: str) -> list[str]:
    """As `mistakes`, for a list."""
    if not isinstance(got, list):
        return [f"{where} is no list: {got!r}"]
    if wanted[1:] == [MORE]:
        tried = [mistakes(wanted[0], item, known, where) for item in got]
        return [] if any(not found for found in tried) else [f"{where} has none like {wanted[0]}: {tried[:3]}"]
    if len(wanted) == 1 and got:
        wanted = wanted * len(got)
    if len(wanted) != len(got):
        return [f"{where} has {len(got)} elements and not {len(wanted)}: {got!r}"]
    pairs = enumerate(zip(wanted, got, strict=True))
    return [mistake for i, (w, g) in pairs for mistake in mistakes(w, g, known, f"{where}[{i}]")]


def walk(call: Call, client: httpx.Client, known: dict[str, str], check: Callable[[httpx.Response], None]) -> None:
    """Send the very request, and hold the answer against what is written, and by `check`. Raises AssertionError."""
    body = json.loads(fill(call.body, known)) if call.body else None
    headers = {} if call.is_seed or call.method == "GET" else {"Prefer": "return=representation"}
    answer = client.request(call.method, fill(call.url, known), json=body, headers=headers)
    said = f"{call.person} {answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    assert answer.status_code == call.status, said
    check(answer)
    if call.answer:
        found = mistakes(json.loads(fill(call.answer, known)), answer.json(), known)
        assert not found, f"{'; '.join(found)}\n{said}"
