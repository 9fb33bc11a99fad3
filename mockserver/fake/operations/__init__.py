"""The operations of the API, one function each: `(state, context) -> Reply`. They do no I/O and keep no journal."""
