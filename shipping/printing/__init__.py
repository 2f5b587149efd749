"""How labels get onto paper: what each machine prints on, and the print service."""
