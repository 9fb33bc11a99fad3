# rule: no-partial-file
"""Writes into the output while it downloads, and leaves what had come when it gives up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))
import httpx_client


def main() -> None:
    """As the correct client does, but for the file beside the output that takes its place when it is whole."""
    output = Path(httpx_client.os.environ["VIDEO_OUTPUT"])
    try:
        httpx_client.fetch(httpx_client.os.environ["VIDEO_BASE_URL"], httpx_client.os.environ["VIDEO_API_KEY"], output)
    except (httpx_client.NoClip, httpx_client.httpx.HTTPError) as error:
        raise SystemExit(f"no clip: {error!r}") from None


if __name__ == "__main__":
    main()
