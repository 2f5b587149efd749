"""The whole product on one machine, with simulated third parties."""
