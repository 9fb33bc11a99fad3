# rule: no-key-to-other-hosts
"""Follows redirects as urllib does by itself, which takes the Authorization along to wherever they lead."""

import sys
from pathlib import Path
from urllib.request import DataHandler, OpenerDirector, ProxyHandler, build_opener

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))
import urllib_client


def opener() -> OpenerDirector:
    """Without the handler of redirects that minds the key."""
    return build_opener(ProxyHandler({}), DataHandler())


if __name__ == "__main__":
    urllib_client.opener = opener
    urllib_client.main()
