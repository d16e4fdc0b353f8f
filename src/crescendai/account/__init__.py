"""A whole account: everything of a user leaves as one archive, or disappears."""
