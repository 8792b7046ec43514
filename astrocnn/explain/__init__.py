"""Looking inside a trained network: what it sees, where it looks, and what excites its units. Arrays in, arrays out."""
