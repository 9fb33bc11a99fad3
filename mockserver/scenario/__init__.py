"""One scenario: its data, its text in YAML or JSON, the checks, and the state machine that it describes."""
