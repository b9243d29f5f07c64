"""The documentation: its site, and the pages that are made of the code itself."""
