/*
 * The Dawid-Skene iteration of Assay's WebAssembly kernel, in C: the measure of its code generation.
 *
 * Same algorithm, same layout: tasks sorted by number of answers, one record of probabilities and
 * counts per (worker, said), products instead of logarithms, a rescaled running product for the
 * likelihood, class totals, then one pass that normalises and clears. Vectors are written out with
 * GNU vector types, because plain loops left to the compiler are two to three times as slow.
 *
 * Built once per number of classes and vector width; bench/sweep.ts passes
 *   CLASSES, WIDTH   classes, and doubles of a row (CLASSES, or more with padding)
 *   LANES            doubles of the widest vector
 *   FULL(F)          F(piece, LANES, offset) for every piece of full width
 *   REST(F)          the same without the first
 *   TAIL(F)          F(piece, lanes, offset) for the narrower rest
 *   PAIRS            1 to go two tasks at a time
 * Reads a crowd file (bench/crowd.ts), then serves lines "N" with N iterations, answering
 * "nanoseconds-of-cpu log-likelihood".
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RESCALE 0x1p332
#define LOG_RESCALE (332 * 0.69314718055994530942)
#define SMOOTHING 0.01
#define FLOOR 1e-10

typedef double Lanes1;
typedef double Lanes2 __attribute__((vector_size(16), aligned(8), may_alias));
typedef double Lanes4 __attribute__((vector_size(32), aligned(8), may_alias));
typedef double Lanes8 __attribute__((vector_size(64), aligned(8), may_alias));
#define NAME_(lanes) Lanes##lanes
#define NAME(lanes) NAME_(lanes)
#define SUM_(lanes) sum##lanes
#define SUM(lanes) SUM_(lanes)

static inline double sum1(Lanes1 v) { return v; }
static inline double sum2(Lanes2 v) { return v[0] + v[1]; }
static inline double sum4(Lanes4 v) {
  Lanes2 low, high;
  memcpy(&low, &v, 16);
  memcpy(&high, (char *)&v + 16, 16);
  return sum2(low + high);
}
static inline double sum8(Lanes8 v) {
  Lanes4 low, high;
  memcpy(&low, &v, 32);
  memcpy(&high, (char *)&v + 32, 32);
  return sum4(low + high);
}

#define ALL(F) FULL(F) TAIL(F)
#define AT(lanes, base, offset) (*(NAME(lanes) *)((base) + (offset)))
#define OPEN(i, lanes, offset) \
  const NAME(lanes) p##i = AT(lanes, prior, offset); \
  NAME(lanes) t##i = AT(lanes, totals, offset);
#define CLOSE(i, lanes, offset) AT(lanes, totals, offset) = t##i;
/* The products of task a and, where tasks go two by two, of task b. */
#define START_A(i, lanes, offset) NAME(lanes) a##i = p##i;
#define START_B(i, lanes, offset) NAME(lanes) b##i = p##i;
#define MULTIPLY_A(i, lanes, offset) a##i *= AT(lanes, record, offset);
#define MULTIPLY_B(i, lanes, offset) b##i *= AT(lanes, record, offset);
#define FOLD_A(i, lanes, offset) foldedA += a##i;
#define FOLD_B(i, lanes, offset) foldedB += b##i;
#define SUM_A(i, lanes, offset) sumA += SUM(lanes)(a##i);
#define SUM_B(i, lanes, offset) sumB += SUM(lanes)(b##i);
#define SCALE_A(i, lanes, offset) a##i *= inverseA; t##i += a##i;
#define SCALE_B(i, lanes, offset) b##i *= inverseB; t##i += b##i;
#define SCATTER_A(i, lanes, offset) AT(lanes, record, WIDTH + offset) += a##i;
#define SCATTER_B(i, lanes, offset) AT(lanes, record, WIDTH + offset) += b##i;

static double prior[64], totals[64], likelihood, likelihoodExponent;

/* The product of the task sums, rescaled when it gets small. */
#define MULTIPLY_LIKELIHOOD(sum) \
  product *= sum; \
  while (product < 1e-100 && product > 0) { \
    product *= RESCALE; \
    exponent++; \
  }

/* Tasks of `count` answers each. */
static __attribute__((noinline)) void sweepBlock(const uint32_t *answers, uint32_t tasks, uint32_t count, double *records) {
  ALL(OPEN)
  double product = likelihood, exponent = likelihoodExponent;
#if PAIRS
  for (; tasks > 1; tasks -= 2) {
    const uint32_t *other = answers + count;
    ALL(START_A)
    ALL(START_B)
    for (uint32_t e = 0; e < count; e++) {
      const double *record = records + answers[e];
      ALL(MULTIPLY_A)
      record = records + other[e];
      ALL(MULTIPLY_B)
    }
    NAME(LANES) foldedA = a0, foldedB = b0;
    REST(FOLD_A)
    REST(FOLD_B)
    double sumA = SUM(LANES)(foldedA), sumB = SUM(LANES)(foldedB);
    TAIL(SUM_A)
    TAIL(SUM_B)
    MULTIPLY_LIKELIHOOD(sumA)
    MULTIPLY_LIKELIHOOD(sumB)
    Lanes2 inverse = 1 / (Lanes2){sumA, sumB};
    double inverseA = inverse[0], inverseB = inverse[1];
    ALL(SCALE_A)
    ALL(SCALE_B)
    for (uint32_t e = 0; e < count; e++) {
      double *record = records + answers[e];
      ALL(SCATTER_A)
      record = records + other[e];
      ALL(SCATTER_B)
    }
    answers = other + count;
  }
#endif
  for (; tasks; tasks--) {
    ALL(START_A)
    const uint32_t *end = answers + count, *at = answers;
    do {
      const double *record = records + *at++;
      ALL(MULTIPLY_A)
    } while (at != end);
    NAME(LANES) foldedA = a0;
    REST(FOLD_A)
    double sumA = SUM(LANES)(foldedA);
    TAIL(SUM_A)
    MULTIPLY_LIKELIHOOD(sumA)
    double inverseA = 1 / sumA;
    ALL(SCALE_A)
    at = answers;
    do {
      double *record = records + *at++;
      ALL(SCATTER_A)
    } while (at != end);
    answers = end;
  }
  ALL(CLOSE)
  likelihood = product;
  likelihoodExponent = exponent;
}

static __attribute__((noinline)) void normalise(double *records, uint32_t workers) {
  for (; workers; workers--, records += 2 * WIDTH * CLASSES) {
    double inverse[WIDTH];
    for (int k = 0; k < WIDTH; k++) inverse[k] = CLASSES * SMOOTHING;
    for (int said = 0; said < CLASSES; said++)
      for (int k = 0; k < WIDTH; k++) inverse[k] += records[(2 * said + 1) * WIDTH + k];
    for (int k = 0; k < WIDTH; k++) inverse[k] = 1 / inverse[k];
    for (int said = 0; said < CLASSES; said++)
      for (int k = 0; k < WIDTH; k++) {
        double cell = (records[(2 * said + 1) * WIDTH + k] + SMOOTHING) * inverse[k];
        records[2 * said * WIDTH + k] = cell > FLOOR ? cell : FLOOR;
        records[(2 * said + 1) * WIDTH + k] = 0;
      }
  }
}

static double cpuNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv) {
  /* Header: classes, tasks, workers, answers, blocks; then blocks, workers, labels, in sweep order. */
  uint32_t header[5];
  FILE *file = fopen(argv[argc - 1], "rb");
  if (!file || fread(header, 4, 5, file) != 5 || header[0] != CLASSES) return 1;
  uint32_t workers = header[2], answers = header[3], blocks = header[4];
  uint32_t *block = malloc(8ul * blocks), *worker = malloc(4ul * answers), *offset = malloc(4ul * answers);
  uint16_t *label = malloc(2ul * answers);
  if (fread(block, 8, blocks, file) != blocks || fread(worker, 4, answers, file) != answers) return 1;
  if (fread(label, 2, answers, file) != answers) return 1;
  for (uint32_t e = 0; e < answers; e++) offset[e] = (worker[e] * CLASSES + label[e]) * 2 * WIDTH;
  free(worker);
  free(label);
  size_t size = 8ul * workers * CLASSES * 2 * WIDTH;
  double *records = aligned_alloc(64, (size + 63) & ~63ul);
  memset(records, 0, size);
  for (uint32_t w = 0; w < workers; w++)
    for (int said = 0; said < CLASSES; said++)
      for (int k = 0; k < CLASSES; k++)
        records[((size_t)w * CLASSES + said) * 2 * WIDTH + k] = said == k ? 0.7 : 0.3 / (CLASSES - 1);
  for (int k = 0; k < CLASSES; k++) prior[k] = 1.0 / CLASSES;

  int iterations;
  while (scanf("%d", &iterations) == 1) {
    double start = cpuNs();
    for (int i = 0; i < iterations; i++) {
      memset(totals, 0, sizeof totals);
      likelihood = 1;
      likelihoodExponent = 0;
      const uint32_t *at = offset;
      for (uint32_t b = 0; b < blocks; b++) {
        sweepBlock(at, block[2 * b + 1], block[2 * b], records);
        at += (size_t)block[2 * b] * block[2 * b + 1];
      }
      normalise(records, workers);
    }
    printf("%.0f %.12e\n", cpuNs() - start, log(likelihood) - likelihoodExponent * LOG_RESCALE);
    fflush(stdout);
  }
  return 0;
}
