"""tiers.toml is read strictly: a typo must not widen what is tolerated."""

from __future__ import annotations

import pytest

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.load.plan import plan_for
from pms_drill.tiers import load_tier, load_tiers

GOOD = 'deadline = "90s"\nparts = ["load", "chaos"]\nexamples = 5\n'


@pytest.fixture
def tiers(tmp_path):
    def write(text):
        path = tmp_path / "tiers.toml"
        path.write_text(text)
        return path

    return write


def test_the_shipped_tiers_have_the_deadlines_of_the_design():
    shipped = load_tiers()
    deadlines = {"smoke": 90, "pr": 480, "weekly": 3600, "soak": 2400}
    assert {name: tier.deadline for name, tier in shipped.items()} == deadlines
    for tier in (one for one in shipped.values() if "load" in one.parts):
        plan_for(tier.name, tier.load | tier.load_on_real_pms)


def test_pr_and_weekly_gate_from_warning_on_and_smoke_from_critical(tiers):
    assert {name: tier.fail_on for name, tier in load_tiers().items()} == {
        "smoke": "critical",
        "pr": "warning",
        "weekly": "warning",
        "soak": "warning",
    }
    assert load_tier("x", tiers(f"[x]\n{GOOD}")).fail_on == "warning"


def test_parts_run_in_their_own_order(tiers):
    assert load_tier("x", tiers(f"[x]\n{GOOD}")).parts == ["chaos", "load"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"[x]\n{GOOD}deadlinez = 3", "deadlinez: there is no such key"),
        ("[x]\n" + GOOD.replace('"90s"', '"soon"'), "is not a duration"),
        ("[x]\n" + GOOD.replace('"load"', '"loads"'), "loads"),
        ("[x]\n" + GOOD.replace("5", "0"), "examples"),
        (f'[x]\n{GOOD}[x.skips]\nembedded = ["not-claimd"]', "not-claimd"),
        (f'[x]\n{GOOD}[x.skips]\nembeded = ["not-claimed"]', "embeded"),
        (f'[x]\n{GOOD}[x.chaos]\nepisode = "*"', "chaos.episode: there is no such key"),
        (f'[x]\n{GOOD}fail_on = "never"', "fail_on"),
        ("x = 1", "outside of a tier"),
        ("[x", "cannot be read"),
    ],
)
def test_a_wrong_table_is_an_error_that_names_the_key(tiers, text, says):
    with pytest.raises(DrillError) as error:
        load_tiers(tiers(text))
    assert says in str(error.value)


def test_an_unknown_tier_names_the_known_ones(tiers):
    with pytest.raises(DrillError, match="no tier 'y'") as error:
        load_tier("y", tiers(f"[x]\n{GOOD}"))
    assert error.value.todo == "use one of x"


def test_episodes_and_tolerated_skips(tiers):
    text = f'[x]\n{GOOD}[x.chaos]\nepisodes = ["hang"]\n[x.skips]\nembedded = ["not-claimed"]\n[y]\n{GOOD}'
    loaded = load_tiers(tiers(text))
    assert loaded["x"].episodes == ("hang",)
    assert (loaded["x"].runs_episode("hang"), loaded["x"].runs_episode("drip")) == (True, False)
    assert (loaded["y"].episodes, loaded["y"].runs_episode("drip")) == (("*",), True)
    assert loaded["x"].tolerates("embedded", SkipReason.NOT_CLAIMED)
    assert not loaded["x"].tolerates("native", SkipReason.NOT_CLAIMED)
    assert not loaded["x"].tolerates("embedded", SkipReason.NO_WITNESS)
