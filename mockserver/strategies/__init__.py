"""Hypothesis strategies of the replies that a client may get, each with what the contract expects of a client.

`@given(completed_videos())`, and in the test `assert resolve(video.body) == video.expected_url`.
"""

from ..api.contract import URL_FIELDS, URL_FIELDS_TABLE_READING, Phase
from ..api.dialects import OMIT

try:
    import hypothesis as _hypothesis  # noqa: F401
except ModuleNotFoundError as missing:
    if missing.name != "hypothesis":
        raise
    raise ImportError(
        "video_mockserver.strategies needs Hypothesis: pip install 'video-mockserver[hypothesis]'"
    ) from None

from .documents import Parts, completed_videos, failed_videos, pending_videos, videos
from .parts import (
    DOCUMENTED,
    HOSTILE,
    Variety,
    absent_values,
    bases,
    extra_fields,
    json_values,
    status_words,
    texts,
    video_urls,
)
from .scenarios import ASPECTS, Aspect, scenarios
from .settings_profiles import register_profiles
from .video import DOCUMENTED_TASK, VIEWS, Video, View

__all__ = [
    "ASPECTS",
    "DOCUMENTED",
    "DOCUMENTED_TASK",
    "HOSTILE",
    "OMIT",
    "URL_FIELDS",
    "URL_FIELDS_TABLE_READING",
    "VIEWS",
    "Aspect",
    "Parts",
    "Phase",
    "Variety",
    "Video",
    "View",
    "absent_values",
    "bases",
    "completed_videos",
    "extra_fields",
    "failed_videos",
    "json_values",
    "pending_videos",
    "register_profiles",
    "scenarios",
    "status_words",
    "texts",
    "video_urls",
    "videos",
]
