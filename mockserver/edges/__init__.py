"""How requests reach a fake: over sockets or in this process; and virtual time, in which waiting does not pass."""
