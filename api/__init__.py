"""The composition root: HTTP, pages, command line and the worker process."""
