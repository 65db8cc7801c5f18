"""`accuracy.estimator: free_darts`: the saliency of every choice before any training."""
