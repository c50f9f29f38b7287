"""`python -m soulsync_edge` is `soulsync`."""

import sys

from soulsync_edge.cli import main

sys.exit(main())
