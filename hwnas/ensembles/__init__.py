"""Which of several trained networks make a good ensemble, by what they say of the same images."""
