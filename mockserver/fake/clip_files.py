"""Clips in files: the shipped ones by their manifest, and one's own. Nothing else in this package opens any."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from ..api.messages import Clip
from .clips import ClipStore

__all__ = ["load_clip", "shipped_clips"]


@cache
def _read(source: str) -> bytes:
    return Path(source).read_bytes()


def _read_clip(clip: Clip) -> bytes:
    return _read(clip.source)


def load_clip(path: str | Path, *, name: str = "clip", media_type: str = "video/mp4") -> Clip:
    """A file of one's own as a clip. Raises OSError when it cannot be read."""
    path = Path(path)
    return Clip(name, str(path), path.stat().st_size, f'"{path.stat().st_mtime_ns:x}"', media_type)


@cache
def shipped_clips() -> ClipStore:
    """The clips that come with the package."""
    folder = Path(str(files("video_mockserver.fixtures"))) / "clips"
    manifest = json.loads((folder / "clips.json").read_text("utf-8"))
    clips = {
        entry["name"]: Clip(
            entry["name"], str(folder / entry["file"]), entry["bytes"], f'"{entry["sha256"][:32]}"',
            width=entry["width"], height=entry["height"], seconds=entry["seconds"],
        )
        for entry in manifest["clips"]
    }  # fmt: skip
    pictures = {
        entry["name"]: Clip(
            entry["name"], str(folder / entry["file"]), entry["bytes"], f'"{entry["sha256"][:32]}"', entry["media_type"]
        )
        for entry in manifest["pictures"]
    }
    return ClipStore(clips, _read_clip, pictures)
