"""Judges clients: the rules of the client contract, what a client did at a fake, verdicts and reports."""
