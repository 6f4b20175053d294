"""Programs that we use and did not write: where they are, or how to get them."""

from pms_drill.external.finder import find, present
from pms_drill.external.programs import PROGRAMS, PROMTOOL, TOXIPROXY, Program

__all__ = ["PROGRAMS", "PROMTOOL", "TOXIPROXY", "Program", "find", "present"]
