"""The only I/O: HTTP in and out, faults on the wire, servers."""
