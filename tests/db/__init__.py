"""What the database holds by itself, whoever asks."""
