"""Word of changes between processes: by looking again embedded, by Redis or Valkey otherwise."""
