"""Ways to make a fault at the TCP level."""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill.faults.lifecycle import Heal, Place
from pms_drill.faults.toxics import Toxic


@dataclass(frozen=True)
class Toxics:
    """Adds toxics to the agent's proxy."""

    toxics: tuple[Toxic, ...]

    def arm(self, place: Place) -> None:
        """Add each one, read back."""
        for toxic in self.toxics:
            place.proxy.add(toxic)

    def heal(self, place: Place, mode: Heal) -> str:
        """Recreate the proxy, or remove the toxics so that stalled requests go on."""
        names = [toxic.name for toxic in self.toxics]
        if mode is Heal.RESUME:
            return "resumed" if place.proxy.resume(*names) else "server restarted instead: stalled requests were cut"
        place.proxy.cut(*names)
        return "proxy recreated"


@dataclass(frozen=True)
class Disabled:
    """Closes the listener: connections are refused, as with a PMS that is down."""

    def arm(self, place: Place) -> None:
        """Disable the agent's proxy, verified by connecting."""
        place.proxy.disable()

    def heal(self, place: Place, mode: Heal) -> str:  # noqa: ARG002
        """Recreate the proxy; nothing is stalled by this fault, so both modes are the same."""
        place.proxy.cut()
        return "proxy recreated"
