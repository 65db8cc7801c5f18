"""The image of `Dockerfile`, or its steps where no Docker daemon answers: `make test-docker`."""
