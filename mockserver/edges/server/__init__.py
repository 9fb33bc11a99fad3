"""The fake over real sockets, with faults as a network has them, and the HTTP API that controls it."""
