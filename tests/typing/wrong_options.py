"""Four slips that a type checker must find, each in the line that is marked."""

from __future__ import annotations

from video_mockserver import VideoServer, check, video_mock, video_server


def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
    return b""


VideoServer(spede=60.0)  # slip
video_server(profil="openai")  # slip
video_mock(scenarioz="plain")  # slip
check(client, level="musst")  # slip
