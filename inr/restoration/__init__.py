"""Between the pixels of a picture: enlarging, by fits that `inr.training` makes; no training of its own."""
