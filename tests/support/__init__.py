"""What the tests share."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent  # of the project
COMMAND = (sys.executable, "-m", "video_mockserver")  # video-mockserver, in this environment
