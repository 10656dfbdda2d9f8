"""``python -m featurelens`` is the command ``featurelens``."""

import sys

from featurelens.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
