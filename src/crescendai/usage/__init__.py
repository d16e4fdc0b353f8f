"""What language models cost, by caller."""
