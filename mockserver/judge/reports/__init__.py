"""The judge's report in several forms: for a terminal, as HTML, as JUnit XML, and the schema of its JSON."""
