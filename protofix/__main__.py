"""`python -m protofix` is the command `protofix`."""

import sys

from protofix.cli import main

if __name__ == "__main__":
    sys.exit(main())
