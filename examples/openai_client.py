"""The openai package against a fake that speaks OpenAI's dialect (`--profile openai`): create, poll, download.

VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 python examples/openai_client.py
"""

import os
import warnings
from pathlib import Path

import openai

warnings.simplefilter("ignore", DeprecationWarning)  # the package marks its whole Videos API so


def main() -> None:
    """Make a task and write its clip to VIDEO_OUTPUT."""
    client = openai.OpenAI(base_url=os.environ["VIDEO_BASE_URL"], api_key=os.environ["VIDEO_API_KEY"])
    model = os.environ.get("VIDEO_MODEL", "sora-2")
    video = client.videos.create_and_poll(model=model, prompt="a fox in the snow", poll_interval_ms=20)
    if video.status != "completed":
        raise SystemExit(f"the task is {video.status}: {video.error}")
    client.videos.download_content(video.id).write_to_file(Path(os.environ["VIDEO_OUTPUT"]))


if __name__ == "__main__":
    main()
