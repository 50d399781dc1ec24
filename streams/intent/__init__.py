"""What the nurse meant to enter: a noisy channel over keypads, with drugs, limits and titration as its prior."""
