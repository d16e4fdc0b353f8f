"""Links by which somebody without an account sees one recording, until they are revoked."""
