"""The door: parcels scanned as they are handed over, close-outs, photos, proof, and labels that
never left."""
