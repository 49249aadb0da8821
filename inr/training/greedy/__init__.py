"""MGDL to the letter: each grade fits what those before left over, then is frozen."""
