"""What was heard and advised on one recording, as a document to keep, print or hand on."""
