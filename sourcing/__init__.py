"""The domain: territory, suppliers, linking, tagging, search. Knows no page and no one source."""


class Foreseen(ValueError):
    """What was to be foreseen; the message is one French sentence for who asked."""
