"""A model file -> a page that decodes and draws it by itself."""
