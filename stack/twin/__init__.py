"""A twin of Stripe for machines without an account: the part of its API that the shop uses, and signed webhooks."""
