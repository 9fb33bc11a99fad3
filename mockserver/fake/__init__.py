"""One fake of the service: it answers requests, moves its tasks on, and keeps a journal. No I/O but in `clip_files`."""
