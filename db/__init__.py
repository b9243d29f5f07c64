"""The shop's database as files: migrations, views, functions, and the runner that applies them."""
