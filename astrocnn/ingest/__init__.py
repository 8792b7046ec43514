"""FITS tiles, pixel scales, source detection and cutouts: real images in, arrays and tables out."""
