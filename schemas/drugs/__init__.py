"""Drug libraries: the names of drugs, care area profiles, a hospital's own file, and its check."""
