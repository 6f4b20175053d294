"""What a run had to judge, and whether it did. Pure.

What must be judged is known before anything runs (`pms_drill.expected`), from data that pytest has no part in. So a
test that was deselected, ignored, filtered or never collected, by whatever means, is a hole with a name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from _pytest.mark.expression import Expression

from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.errors import DrillError
from pms_drill.report.outcomes import Generated, Item, PartOutcomes, Record, RunContext, clean_nodeid
from pms_drill.tiers import Tier

_ID = re.compile(r"[A-Za-z]+-\d\d")
_WORD = re.compile(r"(?:\w|[:+\-.\[\]\\/])+")
#: More words of an expression that nobody knows are not tried in all combinations.
_MOST_UNKNOWN = 6


@dataclass(frozen=True)
class Excuse:
    """Why a test may be skipped, as it was known before the run began.

    Attributes:
        under: the parameters for which it holds; empty for all.
        certain: the test will be skipped, and not only may be, as by a gate that looks at each request.
    """

    reason: SkipReason
    why: str
    under: frozenset[str] = frozenset()
    certain: bool = True

    def holds(self, nodeid: str) -> bool:
        """Whether it is about the test with these parameters."""
        return not self.under or nodeid.partition("[")[2].rstrip("]") in self.under


@dataclass(frozen=True)
class Expected:
    """A test of the suites, under one experiment if it has one.

    Attributes:
        item: as pytest names it, without parameters.
        names: what `-k` can match.
        parametrized: it has parameters beside the experiment, whose names `-k` could match as well.
        left_out: the tier leaves it to the others.
        excuses: reasons for which it may be skipped here.
    """

    item: Item
    names: frozenset[str]
    parametrized: bool = False
    left_out: bool = False
    excuses: tuple[Excuse, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Test and experiment."""
        return key_of(self.item)

    def excuse(self, record: Record) -> Excuse | None:
        """The excuse that foresaw a skip; None if nobody foresaw it."""
        return next(
            (one for one in self.excuses if one.reason is record.skip_reason and one.holds(record.nodeid)), None
        )


class Selection:
    """The expression given with -k, as pytest reads it.

    Args:
        expression: empty for everything.

    Raises:
        DrillError: it is no expression.
    """

    def __init__(self, expression: str) -> None:
        self.text = expression.strip()
        try:
            self._compiled = Expression.compile(self.text) if self.text else None
        except SyntaxError as error:
            raise DrillError(
                f"-k {self.text!r} is no expression: {error.msg}", todo='use names, "and", "or", "not" and brackets'
            ) from error

    def matches(self, names: Collection[str]) -> bool:
        """Whether a test with these names is selected."""
        return self._evaluate(names, ())

    def may_match(self, expected: Expected, known: Collection[str]) -> bool:
        """Whether it selects the test, for some names of its parameters, which are known only when it is collected.

        Args:
            known: names of all tests; a word that is in one of them is not taken for a parameter.
        """
        if self.matches(expected.names):
            return True
        words = set(_WORD.findall(self.text)) - {"and", "or", "not"}
        strange = [word for word in words if not _ID.fullmatch(word) and not _in(word, known)][:_MOST_UNKNOWN]
        if not expected.parametrized or not strange:
            return False
        return any(
            self._evaluate(expected.names, [word for word, on in zip(strange, which, strict=True) if on])
            for which in product([True, False], repeat=len(strange))
        )

    def _evaluate(self, names: Collection[str], also: Collection[str]) -> bool:
        def is_there(word: str, /, **_: str | int | bool | None) -> bool:
            return word in also or _in(word, names)

        return self._compiled is None or self._compiled.evaluate(is_there)


def chosen_parts(
    expected: Sequence[Expected], selection: Selection, parts: Sequence[str], named: Collection[str]
) -> list[str]:
    """The parts in which -k can select anything.

    Args:
        named: the parts that were asked for by name; one in which nothing matches is an error.

    Raises:
        DrillError: nothing matches; the message says what there is.
    """
    if not selection.text:
        return list(parts)
    known = {name for one in expected for name in one.names}
    here = [one for one in expected if not one.left_out and one.item.part in parts]
    matching = {one.item.part for one in here if selection.may_match(one, known)}
    empty = [part for part in named if part not in matching]
    if matching and not empty:
        return [part for part in parts if part in matching]
    elsewhere = sorted({one.item.part for one in expected if selection.matches(one.names)} - {*empty})
    left = sorted({one.item.part for one in expected if one.left_out and selection.matches(one.names)})
    hint = f"; it matches in {', '.join(elsewhere)}" if elsewhere else ""
    hint += f"; this tier leaves what matches in {', '.join(left)} to the others" if left else ""
    experiments = ", ".join(sorted({one.item.episode for one in here} - {""}))
    raise DrillError(
        f"-k {selection.text!r} matches no test of {', '.join(empty or parts)}{hint}",
        todo=f"use the id of a property (docs/properties.md), a test or an experiment: {experiments or 'none here'}",
    )


def holes(
    parts: Sequence[PartOutcomes],
    expected: Sequence[Expected],
    tier: Tier,
    selection: Selection,
    context: RunContext,
) -> list[Record]:
    """An unknown record for each test and experiment that had to be judged and that nobody ran.

    Args:
        parts: those that were asked for, also those that never began.
    """
    return [record for part in parts for record in _holes(part, expected, tier, selection, context)]


def _holes(
    part: PartOutcomes, expected: Sequence[Expected], tier: Tier, selection: Selection, context: RunContext
) -> Iterator[Record]:
    seen = {item.nodeid for item in (*part.collected, *part.records)}
    keys = {key_of(item) for item in (*part.collected, *part.records)}
    away = {key_of(item) for item in part.left_out}
    made: defaultdict[tuple[str, str], list[Generated]] = defaultdict(list)
    for item in part.generated:
        made[key_of(item)].append(item)
    for one in expected:
        if one.item.part != part.part or one.left_out:
            continue
        # What pytest made of the test has the names of its parameters, so that -k is read exactly.
        wanted = [item for item in made.get(one.key, []) if selection.matches(item.keywords)]
        missing: list[Item] = [item for item in wanted if item.nodeid not in seen]
        if one.key not in made and one.key not in keys and selection.matches(one.names):
            missing = [one.item]
        if missing:
            yield _hole(one.item, _why(part, one.key in away, one.key in made, len(missing)), context)
    known = {one.key for one in expected}
    for item in part.generated:
        strange = (
            key_of(item) not in known
            and item.nodeid not in seen
            and not tier.leaves_out(judged=item.property or item.finding, episode=item.episode)
        )
        if strange and selection.matches(item.keywords):
            yield _hole(item, _why(part, True, True, 1), context)


def _why(part: PartOutcomes, deselected: bool, generated: bool, count: int) -> str:
    if not part.collected and not part.generated and not part.records:
        return f"not judged: the part {part.part} did not run, or collected nothing"
    told = f"{count} tests were" if count > 1 else "it was"
    if deselected or generated:
        return (
            f"not judged: {told} taken away after collection, by an option, a plug-in or a configuration file; neither "
            "the tier nor -k leaves it out"
        )
    return "not judged: it was not collected: its file was ignored or changed, or a plug-in took it away"


def _hole(item: Item, why: str, context: RunContext) -> Record:
    return Record(
        **item.model_dump(include=set(Item.model_fields)),
        outcome=Outcome.UNKNOWN,
        hole=True,
        why=why,
        reproduce=context.command(item.part, item.expression()),
    )


def key_of(item: Item) -> tuple[str, str]:
    """Test, without parameters, and experiment: what `Expected.key` is compared with."""
    return clean_nodeid(item.nodeid).partition("[")[0], item.episode


def _in(word: str, names: Iterable[str]) -> bool:
    return any(word.lower() in name.lower() for name in names)


def ranges(ids: Iterable[str]) -> list[str]:
    """Ids for people: "PMS-35 to PMS-38" for four in a row; other names as they are, at the end."""
    families: defaultdict[str, list[int]] = defaultdict(list)
    others = []
    for key in sorted(ids):
        family, _, number = key.rpartition("-")
        if family and number.isdigit():
            families[family].append(int(number))
        else:
            others.append(key)
    return [text for family, numbers in families.items() for text in _rows(family, numbers)] + others


def _rows(family: str, numbers: Sequence[int]) -> list[str]:
    rows: list[list[int]] = []
    for number in numbers:
        if rows and number == rows[-1][-1] + 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    told = []
    for row in rows:
        names = [f"{family}-{number:02}" for number in row]
        told += names if len(row) < 3 else [f"{names[0]} to {names[-1]}"]
    return told
