"""The kinds of blocks that hwnas has, one file each."""
