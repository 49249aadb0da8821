"""The frequency principle: low frequencies are learned first; its demonstrations, and where it fails."""
