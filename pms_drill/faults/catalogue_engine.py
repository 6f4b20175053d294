"""Faults that only a container engine makes, for the stack compose."""

from __future__ import annotations

from pms_drill.faults import symptoms
from pms_drill.faults.catalogue_pms import Switch
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.owed import Runs, opens
from pms_drill.faults.probe import Came, Probe
from pms_drill.faults.proofs import Proof
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Needs, Story

TITLE = "Containers"


def faults(scale: Scale) -> list[Fault]:  # noqa: ARG001 - none of these depends on it
    """All of this kind."""
    return [pms_cut_off()]


def pms_cut_off() -> Fault:
    """The PMS's container is taken off the network that it shares with the proxies; it goes on running."""
    return Fault(
        name="pms_cut_off",
        cause="D",
        tells="the PMS runs and is on no network with the proxies",
        client_sees="connection closed without an answer",
        pms_did_the_work=False,
        action=Switch("pms_cut_off", fresh=True),
        owes=opens("lost", runs=Runs.WEEKLY),
        symptom=symptoms.CUT,
        proof=Proof("no answer of the PMS", lambda seen: seen.came is not Came.ANSWERED),
        probe=Probe(path="/api/hotels?output_format=JSON"),
        heal=Heal.RESUME,
        needs=frozenset({Needs.ENGINE}),
        story=Story(
            how="The engine disconnects the container from the network, and connects it again to heal. Existing "
            "connections are cut as well: on those a request would find no answer until its deadline.",
            metrics='`kind="lost"`: the proxies in front still accept.',
            trap="The PMS is healthy by every check on its own machine. Requests that it had read are carried out.",
            example="A firewall rule; a wrong network after an update of the compose file.",
        ),
    )
