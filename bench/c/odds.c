/*
 * One-coin EM and MACE in scalar C, the same algorithm as the odds sweep: an answer multiplies the
 * odds of the class it says, then adds that class's posterior to its record. -DMACE gives every
 * worker a record per label, otherwise one. Same protocol and crowd file as sweep.c.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RESCALE 0x1p332
#define LOG_RESCALE (332 * 0.69314718055994530942)

typedef struct {
  double odds, sum;
} Record;

static double cpuNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static double prior[CLASSES], totals[CLASSES], likelihood, exponent;

static __attribute__((noinline)) void
sweepBlock(const uint32_t *record, const uint16_t *label, uint32_t tasks, uint32_t count, Record *records) {
  double product = likelihood, rescalings = exponent;
  for (; tasks; tasks--, record += count, label += count) {
    double q[CLASSES], sum = 0;
    memcpy(q, prior, sizeof q);
    for (uint32_t e = 0; e < count; e++) q[label[e]] *= records[record[e]].odds;
    for (int k = 0; k < CLASSES; k++) sum += q[k];
    product *= sum;
    if (product < 1e-100) product *= RESCALE, rescalings++;
    if (product > 1e100) product /= RESCALE, rescalings--;
    double inverse = 1 / sum;
    for (int k = 0; k < CLASSES; k++) totals[k] += q[k] *= inverse;
    for (uint32_t e = 0; e < count; e++) records[record[e]].sum += q[label[e]];
  }
  likelihood = product;
  exponent = rescalings;
}

int main(int argc, char **argv) {
  uint32_t header[5];
  FILE *file = fopen(argv[argc - 1], "rb");
  if (!file || fread(header, 4, 5, file) != 5 || header[0] != CLASSES) return 1;
  uint32_t workers = header[2], answers = header[3], blocks = header[4];
  uint32_t *block = malloc(8ul * blocks), *record = malloc(4ul * answers);
  uint16_t *label = malloc(2ul * answers);
  if (fread(block, 8, blocks, file) != blocks || fread(record, 4, answers, file) != answers) return 1;
  if (fread(label, 2, answers, file) != answers) return 1;
#ifdef MACE
  for (uint32_t e = 0; e < answers; e++) record[e] = record[e] * CLASSES + label[e];
  uint32_t size = workers * CLASSES;
#else
  uint32_t size = workers;
#endif
  Record *records = malloc(sizeof(Record) * size);
  double *count = calloc(size, 8), *know = malloc(8ul * workers), *strategy = malloc(8ul * workers * CLASSES);
  for (uint32_t e = 0; e < answers; e++) count[record[e]]++;
  for (uint32_t w = 0; w < workers; w++) know[w] = 0.7;
  for (uint32_t i = 0; i < workers * CLASSES; i++) strategy[i] = 1.0 / CLASSES;
  for (int k = 0; k < CLASSES; k++) prior[k] = 1.0 / CLASSES;

  int iterations;
  while (scanf("%d", &iterations) == 1) {
    double start = cpuNs(), logLikelihood = 0;
    for (int i = 0; i < iterations; i++) {
      double common = 0;
      likelihood = 1;
      exponent = 0;
      memset(totals, 0, sizeof totals);
#ifdef MACE
      for (uint32_t r = 0; r < size; r++) {
        double guess = (1 - know[r / CLASSES]) * strategy[r];
        records[r] = (Record){1 + know[r / CLASSES] / guess, 0};
        common += count[r] * log(guess);
      }
#else
      for (uint32_t w = 0; w < workers; w++) {
        records[w] = (Record){(CLASSES - 1) * know[w] / (1 - know[w]), 0};
        common += count[w] * log((1 - know[w]) / (CLASSES - 1));
      }
#endif
      const uint32_t *at = record;
      const uint16_t *said = label;
      for (uint32_t b = 0; b < blocks; b++) {
        sweepBlock(at, said, block[2 * b + 1], block[2 * b], records);
        at += (size_t)block[2 * b] * block[2 * b + 1];
        said += (size_t)block[2 * b] * block[2 * b + 1];
      }
      logLikelihood = common + log(likelihood) - exponent * LOG_RESCALE;
#ifdef MACE
      for (uint32_t w = 0; w < workers; w++) {
        double known = 0, guessed[CLASSES], all = 0;
        for (int l = 0; l < CLASSES; l++) {
          uint32_t r = w * CLASSES + l;
          double guess = (1 - know[w]) * strategy[r], mass = records[r].sum * know[w] / (know[w] + guess);
          known += mass;
          guessed[l] = count[r] - mass + 0.01 / CLASSES;
          all += guessed[l];
        }
        for (int l = 0; l < CLASSES; l++) strategy[w * CLASSES + l] = guessed[l] / all;
        know[w] = (known + 0.01) / (known + all + 0.01);
      }
#else
      for (uint32_t w = 0; w < workers; w++) know[w] = (records[w].sum + 1) / (count[w] + 2);
#endif
    }
    printf("%.0f %.12e\n", cpuNs() - start, logLikelihood);
    fflush(stdout);
  }
  return 0;
}
