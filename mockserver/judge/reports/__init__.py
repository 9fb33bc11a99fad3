"""The judge's report as pages for people and files for machines: each made from the same data, none opens anything."""
