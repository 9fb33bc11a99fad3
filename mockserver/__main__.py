"""`python -m video_mockserver` is `video-mockserver`; so is `python -m mockserver` in a clone."""

import sys

from video_mockserver.cli.main import main

sys.exit(main())
