"""The rules of the client contract: small functions that look at what a client did and report what violates it."""
