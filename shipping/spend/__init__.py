"""What may be spent on labels, and when a person has to look first."""
