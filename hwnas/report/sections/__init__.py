"""The sections of the page of a run, a file each: content in, HTML out, "" where there is none."""
