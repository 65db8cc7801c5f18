"""The trainer: rules, steps, checkpoints, augmentation, distribution."""
