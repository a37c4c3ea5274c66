"""The domain: territory, suppliers, linking, tagging and search. Knows no web page and no single source."""
