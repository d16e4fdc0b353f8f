"""What a sentence claims about a recording or the library, and whether it is borne out."""
