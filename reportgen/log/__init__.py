"""Log directories: where records are kept, how they are appended and how they are read back."""
