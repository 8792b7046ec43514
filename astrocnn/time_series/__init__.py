"""Light curves as series in time: gaps, trends, folding, binning, resampling, and the search for periods."""
