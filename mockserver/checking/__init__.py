"""Runs clients through the scenarios and judges them: callables in this process, and programs in any language."""
