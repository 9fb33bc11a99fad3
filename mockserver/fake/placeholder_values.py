"""What a fake knows of one task and one request when a placeholder is filled in."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from ..api.contract import DOWNLOAD_ALIAS
from ..api.messages import Clip, Origins
from ..scenario.placeholders import PLACEHOLDERS
from . import views
from .tasks import Task

__all__ = ["PlaceholderValues"]


class PlaceholderValues:
    """The context of `scenario.placeholders` for one task and one request; what is expensive is made when asked for.

    `download_path` makes the signed path of a link, `read` reads a clip.
    """

    __slots__ = ("_download_path", "_origins", "_read", "_task", "now")

    def __init__(
        self,
        task: Task,
        origins: Origins,
        now: float,
        download_path: Callable[[Task, str, bool], str],
        read: Callable[[Clip], bytes],
    ) -> None:
        self._task = task
        self._origins = origins
        self._download_path = download_path
        self._read = read
        self.now = now

    def __call__(self, name: str, argument: str | None) -> object:
        """The value of a placeholder by its name; validation lets no unknown name through."""
        return PLACEHOLDERS[name].value(self, argument)

    @property
    def task_id(self) -> str:
        return self._task.id

    @property
    def model(self) -> str:
        return self._task.params.model

    @property
    def prompt(self) -> str:
        return self._task.params.prompt

    @property
    def seconds(self) -> str:
        return self._task.params.seconds

    @property
    def size(self) -> str:
        return self._task.params.size

    @property
    def origin(self) -> str:
        return self._origins.api

    @property
    def download_origin(self) -> str:
        return self._origins.download

    @property
    def content_url(self) -> str:
        return f"{self._origins.api}/v1/videos/{quote(self._task.id, safe=':')}/content"

    @property
    def clip_data_url(self) -> str:
        data = base64.b64encode(self._read(self._task.clip)).decode()
        return f"data:{self._task.clip.media_type};base64,{data}"

    @property
    def created_at(self) -> float:
        return self._task.created_at

    @property
    def completed_at(self) -> int:
        return views.completed_at(self._task)

    @property
    def expires_at(self) -> int:
        return int(self._task.created_at) + views.LIFETIME

    def download_url(self, link: str | None) -> str:
        return self._origins.download + self._download_path(self._task, link or "video", False)

    def download_path(self, link: str | None) -> str:
        below = urlsplit(self._origins.api).path + DOWNLOAD_ALIAS
        return below + self._download_path(self._task, link or "video", True)

    def refused_url(self, link: str | None) -> str:
        return self._origins.refused + self._download_path(self._task, link or "video", False)

    def iso(self, seconds: float) -> str:
        return views.iso(seconds)
