"""int8 that holds: ranges by several methods, judged on images, and what mends a loss."""
