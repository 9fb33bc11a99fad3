"""The control API, `/_mock/`: what a Python test does with a fake, over HTTP, for tests in any language."""
