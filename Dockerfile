# hwnas on CPUs: docker build -t hwnas . ; then, in a folder with images and configs,
#   docker run --rm -it -v "$PWD:/work" hwnas init
# Timings are those of the machine that the container runs on; give it whole cores (--cpuset-cpus).
FROM python:3.12-slim

# PyTorch's own index has builds without CUDA, which are smaller by some GB.
ARG PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

COPY . /src
# torch by its exact version: a range would take the newest build with CUDA.
RUN pip install --no-cache-dir --constraint /src/constraints.txt "$(grep '^torch==' /src/constraints.txt)" /src
RUN hwnas --version

WORKDIR /work
ENTRYPOINT ["hwnas"]
