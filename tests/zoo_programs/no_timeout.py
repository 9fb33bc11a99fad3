# rule: give-up-stalled
"""Asks without a time-out, as urllib does by itself, and so waits for ever where nothing comes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
import urllib_client

if __name__ == "__main__":
    urllib_client.TIMEOUT = None
    urllib_client.main()
