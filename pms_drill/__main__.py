"""`python -m pms_drill` is the command `pms-drill`."""

from pms_drill.cli import main

if __name__ == "__main__":
    main()
