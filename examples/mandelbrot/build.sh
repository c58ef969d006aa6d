#!/bin/sh
# Builds mandelbrot.wasm with Debian's packages: apt-get install clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32
set -eu
cd "$(dirname "$0")"
clang-14 --target=wasm32-wasi -O2 -Wall -Wextra -Wl,--strip-all -o mandelbrot.wasm mandelbrot.c
