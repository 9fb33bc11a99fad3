"""The service as data: what its API documents, its dialects, and what goes over the wire, faults included."""
