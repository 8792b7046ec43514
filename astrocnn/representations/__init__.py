"""Light curves as what networks and forests take: pictures, histograms of pairs, regular samples, features."""
