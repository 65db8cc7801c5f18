"""Identifiers of licences, as Hugging Face and SPDX write them."""

LICENSE = r"^[a-z0-9][a-z0-9.+-]*$"
"""As in "apache-2.0" or "mit"; https://hf.co/docs/hub/repositories-licenses lists them."""
