"""`python -m mockserver` is `video-mockserver`."""

import sys

from mockserver.cli import main

sys.exit(main())
