"""A fake without sockets: httpx and httpx2 are answered in this process."""
