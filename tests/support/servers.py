"""Servers under test: what they leave open."""

from __future__ import annotations

import gc
import os
import socket
import sys


def open_files() -> int:
    """How many files and sockets this process has open; 0 where that cannot be asked."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208 - no entry is of interest


def refuses(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False
