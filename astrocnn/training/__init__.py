"""Training: augmentation, normalisation, schedules, the loop with exact resume, and the model folder."""
