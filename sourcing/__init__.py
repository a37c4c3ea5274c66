"""The domain: territory, suppliers, linking, tagging, search. Knows no page and no one source."""
