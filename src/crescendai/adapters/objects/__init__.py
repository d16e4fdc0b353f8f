"""Object stores behind obstore: a folder embedded."""
