"""Official notices: typeset, numbered, issued and delivered."""
