"""CrescendAI Server: listens to piano playing and answers like a careful teacher."""

__version__ = "0.1.0"
