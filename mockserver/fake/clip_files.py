"""Clips that lie in files: the shipped ones by manifest, and one's own. Nothing else in this package opens any."""

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
        told["name"]: Clip(
            told["name"], str(folder / told["file"]), told["bytes"], f'"{told["sha256"][:32]}"',
            width=told["width"], height=told["height"], seconds=told["seconds"],
        )
        for told in manifest["clips"]
    }  # fmt: skip
    pictures = {
        told["name"]: Clip(
            told["name"], str(folder / told["file"]), told["bytes"], f'"{told["sha256"][:32]}"', told["media_type"]
        )
        for told in manifest["pictures"]
    }
    return ClipStore(clips, _read_clip, pictures)
