"""A fake of OctopusX's asynchronous video API for contract tests: scripted tasks, real faults, one journal."""
