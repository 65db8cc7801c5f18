"""What README, CONTRIBUTING and docs/ show is tested: every code block, key and link."""
