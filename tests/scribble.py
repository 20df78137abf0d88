"""Rule files as hands write them: right rules, in any order and layout that YAML has, with comments everywhere.

Comments are numbered (``§17§``), so that each can be looked for where it went.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from property.choice import Choice
from property.draw_expression import condition, spelled

Tree = str | list["Tree"] | dict[str, "Tree"]

_TEXTS = [
    "An ordinary explanation", "a: b", "it's", 'say "no"', "x # y", "- dash", "NO", "yes", "12", "null", "1:30", "true",
    "Ünï 高压锅 مؤقت", "a, b", "{x}", "[y", "'q' first", "100% cotton", "@at", "*star", "&and", "!tag", "ends with:",
    "back\\slash", "no\u00a0break", "? what", "%", "---", "~", "0x1F", "one two three four " * 9 + "end",
]  # fmt: skip
_WORDS = ["", " plain", " - item", " key: value", " 'quote", ' "', " {", "!", " # twice", " ---"]
_PLAIN = re.compile(r"[A-Za-z][A-Za-z ]*[a-z]")
_OTHERWISE = ("null", "true", "yes", "NO")


@dataclass
class Scribble:
    """A text; its comments, and of those above a key of the first level the key."""

    text: str = ""
    comments: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)


def rule(choice: Choice, number: int) -> dict[str, Tree]:
    """A rule without a mistake, its keys in the order of the reference."""
    names = ["pressure-vessel", "timer", "energetic"]
    found: dict[str, Tree] = {
        "rule": f"rule-{number}",
        "title": choice.of(_TEXTS),
        "status": "draft",
        "severity": "high",
        "why": choice.of(_TEXTS),
        "basis": {"purpose": choice.of(_TEXTS), "law": choice.of(_TEXTS)},
        "innocent": [choice.of(_TEXTS) for _ in range(1 + choice.below(3))],
    }
    if choice.percent(30):
        found["references"] = [choice.of(_TEXTS) for _ in range(choice.below(3))]
    events: list[Tree] = ["purchase", ["purchase", "tap"]]
    found["events"] = choice.of(events)
    if choice.percent(60):
        found["where"] = spelled(condition(choice))
    found["within"] = choice.of(["30 days", "1 day", "2 weeks", "90 minutes"])
    kind = choice.of(["combination", "velocity", "sequence", "threshold"])
    kinds: dict[str, dict[str, Tree]] = {
        "combination": {"at_least": "2", "of": [*names[:2], {"energetic": {"quantity": "2.50"}}]},
        "velocity": {"at_least": "3", "distinct": "place"},
        "sequence": {"steps": [*names], "gap": "1 hour"},
        "threshold": {"sum": "quantity * content", "more_than": "1.5", "unit": "kg"},
    }
    found[kind] = kinds[kind]
    if choice.percent(40):
        found["unless"] = spelled(condition(choice, aggregates=True, depth=1))
    if choice.percent(70):
        found["tests"] = [
            {
                "name": choice.of(_TEXTS),
                "given": [
                    {"at": "2025-03-01T06:00:00Z", "component": choice.of(names), "account": choice.of(_TEXTS)}
                    for _ in range(choice.below(3))
                ],
                "expect": choice.of(["no alert", "1 alert"]),
            }
            for _ in range(1 + choice.below(2))
        ]
    return found


def scribbled(choice: Choice) -> Scribble:
    """A file of one to three rules."""
    hand = _Hand(choice)
    for number in range(choice.of([1, 1, 2, 3])):
        if number or choice.percent(20):
            hand.lines.append("---" + hand.beside())
        hand.mapping(rule(choice, number), 0)
    hand.between(0)
    ends = choice.of(["\n", "\n", "\r\n"])
    text = ends.join(hand.lines) + choice.of([ends, "", ends * 3])
    hand.found.text = ("\ufeff" if choice.percent(5) else "") + text
    return hand.found


class _Hand:
    """Writes lines; every choice that YAML leaves is taken anew."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.lines: list[str] = []
        self.found = Scribble()
        self.inside = False  # of a text on several lines, whose lines below must not be taken for it

    def comment(self) -> str:
        text = f"#{self.choice.of(_WORDS)} §{len(self.found.comments)}§"
        self.found.comments.append(text)
        return text

    def beside(self) -> str:
        return " " * (1 + self.choice.below(4)) + self.comment() if self.choice.percent(15) else ""

    def between(self, indent: int, key: str | None = None) -> None:
        """Comments and empty lines before what comes next."""
        if self.choice.percent(10):
            self.lines.append(" " * self.choice.below(3))
        for _ in range(self.choice.of([0, 0, 0, 0, 1, 2])):
            # Never deeper than what comes, or it could be the end of a text above.
            column = indent if self.choice.percent(60) else self.choice.below(indent + 1)
            comment = self.comment()
            self.lines.append(" " * column + comment)
            if key is not None and column == indent == 0:
                self.found.keys[comment] = key
            if self.choice.percent(10):
                self.lines.append("")

    def shuffled(self, tree: dict[str, Tree]) -> list[tuple[str, Tree]]:
        items = list(tree.items())
        if self.choice.percent(60):
            items = [items.pop(self.choice.below(len(items))) for _ in range(len(items))]
        return items

    def mapping(self, tree: dict[str, Tree], indent: int, first: str = "") -> None:
        """In a block; ``first``: what stands before its first key on the same line."""
        for number, (key, value) in enumerate(self.shuffled(tree)):
            if not (first and number == 0):
                self.between(indent, key if number else None)
            name = self.choice.of([key, key, f'"{key}"', f"'{key}'"])
            head = (first if first and number == 0 else " " * indent) + name + self.choice.of([":", ":", " :"])
            self.value(head, key, value, indent, mapping=True)

    def items(self, tree: list[Tree], indent: int) -> None:
        for value in tree:
            self.between(indent)
            self.value(" " * indent + "-", "", value, indent, mapping=False)

    def value(self, head: str, key: str, value: Tree, indent: int, *, mapping: bool) -> None:
        if isinstance(value, str):
            self.text(head, key, value, indent)
            return
        deeper = indent + 1 + self.choice.below(4)
        if not value or self.choice.percent(35):
            self.flow(head, value, deeper)
        elif isinstance(value, list):
            self.lines.append(head + self.beside())
            self.items(value, indent if mapping and self.choice.percent(30) else deeper)
        elif not mapping and self.choice.percent(70):
            self.mapping(value, indent + 2, first=head + " ")
        else:
            self.lines.append(head + self.beside())
            self.mapping(value, deeper)

    def flow(self, head: str, value: Tree, indent: int) -> None:
        """On one line, or on several with comments in between."""
        parts = self.tokens(value)
        broken = self.choice.percent(40)
        line = f"{head} "
        for part in parts:
            line += part
            if broken and part[-1:] in "[{," and self.choice.percent(50):
                self.lines.append(line.rstrip(" ") + self.beside())
                if self.choice.percent(15):
                    self.lines.append(" " * self.choice.below(8) + self.comment())
                line = " " * indent
        self.lines.append(line + self.beside())

    def tokens(self, value: Tree) -> list[str]:
        space = self.choice.of(["", " ", "  "])
        if isinstance(value, str):
            return [self.quoted(value, flow=True)]
        if isinstance(value, list):
            inner = [self.tokens(item) for item in value]
            pair = "[]"
        else:
            inner = [[f"{key}: ", *self.tokens(item)] for key, item in self.shuffled(value)]
            pair = "{}"
        found = [pair[0]]
        for number, part in enumerate(inner):
            found += [*([space, ","] if number and space == "" else [","] if number else []), space, *part]
        return [*found, space, pair[1]]

    def quoted(self, text: str, *, flow: bool) -> str:
        bare = text not in _OTHERWISE and _PLAIN.fullmatch(text)
        if bare or re.fullmatch(r"[a-z]+-[a-z]+|[0-9.]+", text) or (text[:4] == "2025") or text.endswith("days"):
            plain = text if text != "12" else '"12"'
            return self.choice.of([plain, plain, f'"{text}"']) if bare else plain
        if not flow and re.fullmatch(r"[a-z].*", text) and not re.search(r": | #|:$|null|true|yes", text):
            return text if self.choice.percent(50) else self.double(text)
        return self.double(text) if "\u00a0" in text or self.choice.percent(50) else self.single(text)

    def double(self, text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\u00a0", "\\u00a0") + '"'

    def single(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def text(self, head: str, key: str, text: str, indent: int) -> None:
        words = key in ("title", "why", "purpose", "law", "name") or not key
        if words and self.choice.percent(20):
            self.lines.append(f"{head} {self.choice.of(['>-', '|-', '>', '|'])}{self.beside()}")
            self.lines.append(" " * (indent + 1 + self.choice.below(3)) + text.strip())
            return
        written = self.quoted(text, flow=False)
        if words and written[0] == '"' and "  " not in text and self.choice.percent(40):
            parts = written.split(" ")
            at = self.choice.below(len(parts))
            lines = [" ".join(parts[: at + 1]), " ".join(parts[at + 1 :])]
            if lines[1] and not lines[0].endswith("\\"):
                self.lines += [f"{head} {lines[0]}", " " * (indent + 1) + lines[1] + self.beside()]
                return
        if key in ("within", "gap"):
            written = written.replace(" ", "   ") if self.choice.percent(30) else written
        elif key in ("where", "unless") and "'" not in text:
            written = written.replace(" ", "  ") if self.choice.percent(30) else written
        self.lines.append(f"{head}{' ' * (1 + self.choice.below(3))}{written}{self.beside()}")
