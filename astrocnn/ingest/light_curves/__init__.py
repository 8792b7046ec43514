"""Light curves of missions and surveys: one file a product, one normaliser."""
