"""A file's name -> the picture format it stands for: one list for reading, writing and looking through folders."""

ENDINGS = {
    ".png": "PNG",
    ".apng": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".mpo": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
}
"""Ending of a name, in small letters -> format. What a file holds is read from its bytes, whatever its name."""
ACCEPTED = "PNG, JPEG, WebP, TIFF, BMP and GIF"
READABLE = {*ENDINGS.values(), "MPO", "DIB"}
"""Formats by the names that Pillow gives them."""
