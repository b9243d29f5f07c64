"""The description of everything that is served, as one OpenAPI 3.1 document made of the catalogue and api.toml."""
