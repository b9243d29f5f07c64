"""The Starlette service, through the public port."""
