"""Rule files: text to documents to a book."""
