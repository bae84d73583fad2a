"""The case engine: cases, tasks, clocks, documents and the record of what happened."""
