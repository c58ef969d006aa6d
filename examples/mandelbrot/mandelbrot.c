/*
 * Renders the Mandelbrot set, or this task's share of its rows, as a grey-scale image (PGM, P5).
 *
 *   mandelbrot.wasm WIDTH HEIGHT [ITERATIONS]
 *
 * As one job it writes the whole image to stdout. As an array job (FOG_COUNT tasks) each task renders
 * a band of rows and writes raw grey bytes, so that the bands joined in index order are the image.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int number(const char *text, const char *name, int most) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (*end != '\0' || errno != 0 || value < 1 || value > most) {
    fprintf(stderr, "mandelbrot: %s must be a number from 1 to %d, not \"%s\"\n", name, most, text);
    exit(2);
  }
  return (int)value;
}

static int from_env(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text == NULL ? otherwise : atoi(text);
}

static unsigned char shade(double cr, double ci, int iterations) {
  double zr = 0, zi = 0;
  for (int i = 0; i < iterations; i++) {
    double rr = zr * zr, ii = zi * zi;
    if (rr + ii > 4) return (unsigned char)(255 - (i * 255) / iterations);
    zi = 2 * zr * zi + ci;
    zr = rr - ii + cr;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: mandelbrot WIDTH HEIGHT [ITERATIONS]\n");
    return 2;
  }
  int width = number(argv[1], "WIDTH", 16384);
  int height = number(argv[2], "HEIGHT", 16384);
  int iterations = argc == 4 ? number(argv[3], "ITERATIONS", 1000000) : 500;
  int index = from_env("FOG_INDEX", 0), count = from_env("FOG_COUNT", 1);
  int first = (int)((long long)height * index / count);
  int last = (int)((long long)height * (index + 1) / count);

  unsigned char *row = malloc((size_t)width);
  if (row == NULL) {
    fprintf(stderr, "mandelbrot: no memory for a row of %d bytes\n", width);
    return 1;
  }
  if (index == 0) printf("P5\n%d %d\n255\n", width, height);
  for (int y = first; y < last; y++) {
    double ci = (y - height / 2.0) * 2.4 / height;
    for (int x = 0; x < width; x++) {
      row[x] = shade((x - width * 0.7) * 3.2 / width, ci, iterations);
    }
    if (fwrite(row, 1, (size_t)width, stdout) != (size_t)width) return 1;
  }
  fprintf(stderr, "rows %d to %d\n", first, last - 1);
  return fflush(stdout) == 0 ? 0 : 1;
}
