/*
 * Dawid-Skene as a careful C programmer writes it first: tables of logarithms, the largest
 * subtracted, libm's exp and log, tasks in the order of the file, posteriors kept. Half of what the
 * product form gains over this is the algorithm's merit, so it is reported in a column of its own.
 *
 * Same protocol as sweep.c; the crowd file has one block per task then.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SMOOTHING 0.01

static double cpuNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv) {
  uint32_t header[5];
  FILE *file = fopen(argv[argc - 1], "rb");
  if (!file || fread(header, 4, 5, file) != 5 || header[0] != CLASSES) return 1;
  uint32_t tasks = header[1], workers = header[2], answers = header[3], blocks = header[4];
  uint32_t *block = malloc(8ul * blocks), *worker = malloc(4ul * answers), *start = malloc(4ul * (tasks + 1));
  uint16_t *label = malloc(2ul * answers);
  if (fread(block, 8, blocks, file) != blocks || fread(worker, 4, answers, file) != answers) return 1;
  if (fread(label, 2, answers, file) != answers) return 1;
  start[0] = 0;
  for (uint32_t b = 0, t = 0; b < blocks; b++)
    for (uint32_t n = 0; n < block[2 * b + 1]; n++, t++) start[t + 1] = start[t] + block[2 * b];

  size_t cells = (size_t)workers * CLASSES * CLASSES;
  double *logTable = malloc(8 * cells), *counts = calloc(cells, 8), *posterior = malloc(8ul * tasks * CLASSES);
  for (uint32_t w = 0; w < workers; w++)
    for (int said = 0; said < CLASSES; said++)
      for (int k = 0; k < CLASSES; k++)
        logTable[((size_t)w * CLASSES + said) * CLASSES + k] = log(said == k ? 0.7 : 0.3 / (CLASSES - 1));
  const double logPrior = log(1.0 / CLASSES);
  double totals[CLASSES];

  int iterations;
  while (scanf("%d", &iterations) == 1) {
    double began = cpuNs(), logLikelihood = 0;
    for (int i = 0; i < iterations; i++) {
      logLikelihood = 0;
      memset(counts, 0, 8 * cells);
      memset(totals, 0, sizeof totals);
      for (uint32_t t = 0; t < tasks; t++) {
        double *q = posterior + (size_t)t * CLASSES;
        for (int k = 0; k < CLASSES; k++) q[k] = logPrior;
        for (uint32_t e = start[t]; e < start[t + 1]; e++) {
          const double *row = logTable + ((size_t)worker[e] * CLASSES + label[e]) * CLASSES;
          for (int k = 0; k < CLASSES; k++) q[k] += row[k];
        }
        double most = q[0], sum = 0;
        for (int k = 1; k < CLASSES; k++) most = q[k] > most ? q[k] : most;
        for (int k = 0; k < CLASSES; k++) {
          q[k] = exp(q[k] - most);
          sum += q[k];
        }
        logLikelihood += most + log(sum);
        for (int k = 0; k < CLASSES; k++) {
          q[k] /= sum;
          totals[k] += q[k];
        }
        for (uint32_t e = start[t]; e < start[t + 1]; e++) {
          double *row = counts + ((size_t)worker[e] * CLASSES + label[e]) * CLASSES;
          for (int k = 0; k < CLASSES; k++) row[k] += q[k];
        }
      }
      for (uint32_t w = 0; w < workers; w++) {
        double sum[CLASSES];
        for (int k = 0; k < CLASSES; k++) sum[k] = CLASSES * SMOOTHING;
        for (int said = 0; said < CLASSES; said++)
          for (int k = 0; k < CLASSES; k++) sum[k] += counts[((size_t)w * CLASSES + said) * CLASSES + k];
        for (int said = 0; said < CLASSES; said++)
          for (int k = 0; k < CLASSES; k++) {
            size_t cell = ((size_t)w * CLASSES + said) * CLASSES + k;
            logTable[cell] = log((counts[cell] + SMOOTHING) / sum[k]);
          }
      }
    }
    printf("%.0f %.12e %g\n", cpuNs() - began, logLikelihood, totals[0]);
    fflush(stdout);
  }
  return 0;
}
