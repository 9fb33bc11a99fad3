"""Which clip a task gets, and the parts of one that a request asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..api.messages import Clip, ClipPart

__all__ = ["DECOY", "ClipStore", "UnsatisfiableError", "parse_range"]

DECOY = "decoy"
_DIMENSIONS = re.compile(r"(\d{2,5})\s*[xX*]\s*(\d{2,5})")
_TIER = re.compile(r"(\d{3,4})\s*[pP]")
_RATIOS: Mapping[str, tuple[int, int]] = {"16:9": (16, 9), "9:16": (9, 16), "2:3": (2, 3), "3:2": (3, 2), "1:1": (1, 1)}
_DEFAULT_TIER = 720


@dataclass(frozen=True, slots=True)
class ClipStore:
    """The clips there are. `read` gets a clip's bytes; the core itself opens nothing.

    `clips` are the videos by name; `pictures` are the images by the `variant` of `/content` that asks for them.
    """

    clips: Mapping[str, Clip]
    read: Callable[[Clip], bytes]
    pictures: Mapping[str, Clip]

    def named(self, name: str) -> Clip | None:
        """The clip of this name, or None."""
        return self.clips.get(name)

    def fitting(self, size: str, aspect_ratio: str, seconds: str) -> Clip:
        """The clip that comes nearest to what was asked for: first the shape, then the resolution, then the length."""
        width, height = _wanted(size, aspect_ratio)
        try:
            length = float(seconds)
        except ValueError:
            length = 6.0

        def distance(clip: Clip) -> tuple[float, float, float, str]:
            shape = abs(clip.width / clip.height - width / height)
            resolution = abs(clip.width * clip.height - width * height)
            return (round(shape, 2), resolution, abs(clip.seconds - length), clip.name)

        return min((clip for clip in self.clips.values() if clip.width and clip.name != DECOY), key=distance)


def _wanted(size: str, aspect_ratio: str) -> tuple[int, int]:
    if found := _DIMENSIONS.search(size):
        return max(1, int(found[1])), max(1, int(found[2]))
    tier = _TIER.search(size)
    short = int(tier[1]) if tier else _DEFAULT_TIER
    across, down = _RATIOS.get(aspect_ratio.strip(), (16, 9))
    # A tier names the shorter side of the picture.
    return max(1, short * across // min(across, down)), max(1, short * down // min(across, down))


class UnsatisfiableError(ValueError):
    """A Range header asks for nothing that the clip has (416)."""


def parse_range(header: str | None, clip: Clip) -> ClipPart | None:
    """The part that a Range header asks for, which may be the whole.

    None when the header is absent, malformed or asks for several parts (RFC 9110, 14.2 allows to ignore it). Raises
    `UnsatisfiableError`.
    """
    found = re.fullmatch(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*", header or "", re.ASCII | re.IGNORECASE)
    if not found or (not found[1] and not found[2]) or len(header or "") > 100:
        return None
    if not found[1]:
        length = min(int(found[2]), clip.size)
        if not length:
            raise UnsatisfiableError
        return ClipPart(clip, clip.size - length, clip.size)
    start = int(found[1])
    stop = min(int(found[2]) + 1, clip.size) if found[2] else clip.size
    if found[2] and int(found[2]) < start:
        return None
    if start >= clip.size:
        raise UnsatisfiableError
    return ClipPart(clip, start, stop)
