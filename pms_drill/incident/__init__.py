"""An incident by hand: `pms-drill reproduce CAUSE`."""
