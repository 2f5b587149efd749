"""The packing bench: every unit of an order scanned before its label is put on."""
