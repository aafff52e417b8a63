"""The command line as a module: `python -m nba`."""

import sys

from nba.cli import main

if __name__ == "__main__":
    sys.exit(main())
