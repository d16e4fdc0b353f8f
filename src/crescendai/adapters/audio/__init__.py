"""Audio files through FFmpeg's libraries (PyAV), opened in limited child processes only."""
