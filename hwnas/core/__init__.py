"""The ground floor: what every room uses, and nothing of any of them."""
