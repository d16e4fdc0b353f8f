"""The built-in tutor: rules, an analysis and the library; no language model."""
