"""The candidates for people: the column dictionary, the writers, and matching on the sky."""
