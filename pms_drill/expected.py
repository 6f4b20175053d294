"""What a run must judge: tier x stack x claims, worked out before anything runs and without pytest.

From the catalogue (claims), tiers.toml (what is left to other tiers), the source of the suites (which test judges which
property, and by the evidence of which experiments) and what the stack, the machine and the agent are known to lack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, get_args, get_origin

from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes import experiments
from pms_drill.errors import DrillError
from pms_drill.excuses import Excuses, Ground
from pms_drill.profile import Profile
from pms_drill.properties import catalogue
from pms_drill.properties.suites import SuiteTest
from pms_drill.report.coverage import Excuse, Expected
from pms_drill.report.outcomes import Item
from pms_drill.tiers import Tier


def expected(tests: Sequence[SuiteTest], tier: Tier, ground: Ground) -> list[Expected]:
    """Each test of the suites under each of its experiments.

    Args:
        tests: of the suites (`suites.read`).
        ground: what the run stands on.

    Raises:
        DrillError: a marker names an experiment that there is not.
    """
    claims = {entry.id: entry.claim for entry in catalogue.load().property}
    excuses = Excuses(ground)
    return [one for test in tests for one in _of(test, tier, ground, excuses, claims.get(test.key, ""))]


def check_names(tests: Sequence[SuiteTest], tier: Tier, profile: Profile) -> None:
    """Compare every name that selects something with what there is: a slip would select nothing, in silence.

    Raises:
        DrillError: a name in tiers.toml, a waiver of the profile or a marker means nothing; all are told.
    """
    known = {entry.id for entry in catalogue.load().property}
    known |= {test.key for test in tests if test.marked("finding")}
    wrong = [
        f"tiers.toml, {tier.name}.contracts.leaves_out: there is no property {key!r}"
        for key in tier.contracts.leaves_out
        if key not in known
    ]
    wrong += [
        f"tiers.toml, {tier.name}.chaos.episodes: there is no experiment {name!r}; there are "
        f"{', '.join(sorted(experiments.ALL))}"
        for name in tier.chaos.episodes
        if tier.chaos.episodes != "*" and name not in experiments.ALL
    ]
    wrong += [
        f"profile {profile.name}, waiver: there is no property {one.property!r} (docs/properties.md lists them)"
        for one in profile.waiver
        if one.property not in known
    ]
    wrong += [line for test in tests for line in _wrong_marks(test, profile, known)]
    if wrong:
        raise DrillError(
            f"{len(wrong)} names select nothing" if len(wrong) > 1 else "a name selects nothing",
            todo="correct it",
            detail="\n".join(wrong),
        )


def _of(test: SuiteTest, tier: Tier, ground: Ground, excuses: Excuses, claim: str) -> Iterator[Expected]:
    names = {*test.file.split("/"), test.key, "pytestmark"} | {mark.name for mark in test.marks}
    named = [mark.args[0] for mark in test.marked("episode") if mark.args]
    own = experiments_of(test)
    finding = bool(test.marked("finding"))
    marks = {"xdist_group", "episode"} if own else set()
    claims = [*(mark.args[0] for mark in test.marked("claims") if mark.args), *([claim] if claim else [])]
    unclaimed = next((claim for claim in claims if not ground.profile.claims(claim)), "")
    for experiment in own or named[:1] or [""]:
        item = Item(
            nodeid=test.nodeid,
            part=test.part,
            property="" if finding else test.key,
            finding=test.key if finding else "",
            episode=experiment,
            sentence=_sentence(test),
        )
        reasons = excuses.of(test, experiment)
        if unclaimed:
            why = f"the profile {ground.profile.name} does not claim {unclaimed}"
            reasons = [Excuse(SkipReason.NOT_CLAIMED, why), *reasons]
        yield Expected(
            item=item,
            names=frozenset((names | marks | {experiment, f"{test.name}[{experiment}]" if own else test.name}) - {""}),
            parametrized=bool(test.marked("parametrize"))
            or bool({"generated", "load_phase", "after_outage"} & set(test.fixtures)),
            left_out=tier.leaves_out(judged=test.key, episode=experiment),
            excuses=tuple(reasons),
        )


def experiments_of(test: SuiteTest) -> list[str]:
    """The experiments whose evidence the test judges.

    Raises:
        DrillError: its marker `only_under` names none of them.
    """
    only = [name for mark in test.marked("only_under")[:1] for name in mark.args]
    seen = bool(test.marked("seen_at_the_pms"))
    try:
        return [
            name for fixture in test.fixtures for name in experiments.judged_under(fixture, only_seen=seen, only=only)
        ]
    except DrillError as error:
        raise DrillError(error.what, where=f"{test.file}:{test.line}", todo=error.todo) from error


def _sentence(test: SuiteTest) -> str:
    return test.sentence or test.name.removeprefix("test_").replace("_", " ")


def _wrong_marks(test: SuiteTest, profile: Profile, known: set[str]) -> Iterator[str]:
    where = f"{test.file}:{test.line}"
    if test.key and test.key not in known:
        yield f"{where}: there is no property {test.key!r} in the catalogue"
    for mark in test.marked("claims"):
        if not mark.args or not _claimable(mark.args[0], profile):
            yield f"{where}: no profile can claim {', '.join(mark.args) or 'nothing'}"
    try:
        if test.marked("only_under") and not experiments_of(test):
            yield f"{where}: only_under, but the test asks for the evidence of no experiment"
    except DrillError as error:
        yield f"{error.where}: {error.what}; {error.todo}"


def _claimable(claim: str, profile: Profile) -> bool:
    """Whether a profile has the key, and the key that value."""
    name, _, wanted = claim.partition("=")
    part, _, field = name.partition(".")
    fields = getattr(type(getattr(profile, part, None)), "model_fields", {})
    if field not in fields:
        return False
    kind = fields[field].annotation
    return not wanted or get_origin(kind) is not Literal or wanted in get_args(kind)
