"""Every figure the project claims, one command each."""
