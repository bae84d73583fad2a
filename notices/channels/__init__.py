"""The ways on which a notice reaches its addressee."""
