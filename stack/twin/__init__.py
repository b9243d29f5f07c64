"""A twin of Stripe for machines without a Stripe account: the part of its API that the shop uses, and signed webhooks."""
