"""Coordinates -> colours: encodings, grades and the model that sums them."""
