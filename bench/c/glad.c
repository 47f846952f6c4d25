/*
 * One GLAD pass in scalar C with libm's exp, the same algorithm as the GLAD kernel: posteriors,
 * log-likelihood and both gradients. Same protocol and crowd file as sweep.c; each iteration moves
 * the parameters a little, so that nothing can be hoisted.
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
  double ability, slope;
} Worker;

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
  Worker *people = malloc(sizeof(Worker) * workers);
  double *logEase = calloc(tasks, 8), *slope = malloc(8ul * tasks), *posterior = malloc(8ul * tasks * CLASSES);
  for (uint32_t w = 0; w < workers; w++) people[w].ability = 1;
  const double logWrong = log(CLASSES - 1), logPrior = log(1.0 / CLASSES);

  int iterations;
  while (scanf("%d", &iterations) == 1) {
    double began = cpuNs(), objective = 0;
    for (int i = 0; i < iterations; i++) {
      double linear = 0, product = 1, exponent = 0, margins[4096], shares[4096];
      for (uint32_t w = 0; w < workers; w++) people[w].slope = 0;
      for (uint32_t t = 0; t < tasks; t++) {
        double ease = exp(logEase[t]), row[CLASSES], sum = 0, most;
        const uint32_t first = start[t], count = start[t + 1] - first;
        for (int k = 0; k < CLASSES; k++) row[k] = logPrior;
        for (uint32_t j = 0; j < count; j++) {
          double s = people[worker[first + j]].ability * ease, tail = exp(-fabs(s)), inverse = 1 / (1 + tail);
          margins[j] = s;
          shares[j] = s >= 0 ? inverse : tail * inverse;
          row[label[first + j]] += s + logWrong;
          linear -= s > 0 ? s : 0;
          product *= inverse;
          if (product < 1e-100) product *= RESCALE, exponent++;
        }
        most = row[0];
        for (int k = 1; k < CLASSES; k++) most = row[k] > most ? row[k] : most;
        for (int k = 0; k < CLASSES; k++) sum += row[k] = exp(row[k] - most);
        linear += most;
        product *= sum;
        if (product > 1e100) product /= RESCALE, exponent--;
        double *q = posterior + (size_t)t * CLASSES, gradient = 0;
        for (int k = 0; k < CLASSES; k++) q[k] = row[k] / sum;
        for (uint32_t j = 0; j < count; j++) {
          double gap = q[label[first + j]] - shares[j];
          people[worker[first + j]].slope += gap * ease;
          gradient += gap * margins[j];
        }
        slope[t] = gradient;
      }
      objective = linear + log(product) - exponent * LOG_RESCALE - answers * logWrong;
      for (uint32_t w = 0; w < workers; w++) people[w].ability += 1e-5 * people[w].slope;
      for (uint32_t t = 0; t < tasks; t++) logEase[t] += 1e-3 * slope[t];
    }
    printf("%.0f %.12e\n", cpuNs() - began, objective);
    fflush(stdout);
  }
  return 0;
}
