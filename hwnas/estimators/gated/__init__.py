"""Estimators that learn by gates which channels a network keeps."""
