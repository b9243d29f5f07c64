"""The workers, seen by the mails they send and the rows they finish."""
