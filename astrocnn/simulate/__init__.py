"""Simulation of rare objects: lens maths, light profiles, observation, instruments."""
