"""``python -m provcap``."""

import sys

from provcap.cli import main

sys.exit(main())
