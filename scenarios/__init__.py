"""The shipped library of scenarios: YAML files by folder, read with `importlib.resources`."""
