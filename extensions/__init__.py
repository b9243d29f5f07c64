"""The Starlette service: what SQL cannot or must not do (tokens, Stripe, health)."""
