"""Pure functions on note arrays and audio. Imports numpy only."""
