"""FastChat's evaluation folders and other formats, in and out."""
