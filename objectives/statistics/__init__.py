"""What figures say: intervals of accuracies, rankings, regressions from choices to accuracy."""
