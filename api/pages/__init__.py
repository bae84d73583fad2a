"""The screens, one file each. A module with a ``router`` is found and included by ``api.app``."""
