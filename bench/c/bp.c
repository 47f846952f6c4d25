/*
 * One sweep of one-coin belief propagation in scalar C, the same algorithm as the method: messages from tasks in
 * logarithms, messages from workers by quadrature over the accuracy with products rescaled every 16 answers, then posteriors.
 * Same protocol and crowd file as sweep.c; the rules of quadrature are a second file: their number, then for each its
 * size, accuracies and weights, then the rule of each worker.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RESCALE_EVERY 16
#define NEGLIGIBLE 1e-40
#define MOST_NODES 512
#define MOST_PUSH 700.0

static double cpuNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static uint32_t tasks, workers, answers, *start, *task, *byWorker, *workerStart, *ruleOf;
static uint16_t *label;
static double *push, *right, *wrong, *p, *q, *odds, *posterior, change;
static uint32_t *ruleSize;
static double **accuracy, **weight;

static void fromTasks(void) {
  for (uint32_t t = 0; t < tasks; t++) {
    double logit[CLASSES];
    for (int k = 0; k < CLASSES; k++) logit[k] = log(1.0 / CLASSES);
    for (uint32_t e = start[t]; e < start[t + 1]; e++) logit[label[e]] += push[e];
    int top = 0, second = -1;
    for (int k = 1; k < CLASSES; k++) {
      if (logit[k] > logit[top]) second = top, top = k;
      else if (second < 0 || logit[k] > logit[second]) second = k;
    }
    double most = logit[top], next = logit[second], all = 0, beside = 0;
    for (int k = 0; k < CLASSES; k++) {
      all += exp(logit[k] - most);
      if (k != top) beside += exp(logit[k] - next);
    }
    double besideTop = next + log(beside);
    for (uint32_t e = start[t]; e < start[t + 1]; e++) {
      int k = label[e];
      double others = k == top ? besideTop : most + log(all - exp(logit[k] - most));
      double ratio = logit[k] - push[e] - others, small = exp(-fabs(ratio)), large = 1 / (1 + small);
      right[e] = ratio >= 0 ? large : small * large;
      wrong[e] = ratio >= 0 ? small * large : large;
    }
  }
}

/* Odds of the class said for each answer of a worker. */
static void fromWorker(uint32_t count, uint32_t nodes, const double *at, const double *share) {
  double hit[MOST_NODES], miss[MOST_NODES], product[MOST_NODES];
  for (uint32_t s = 0; s < nodes; s++) hit[s] = at[s], miss[s] = (1 - at[s]) / (CLASSES - 1), product[s] = share[s];
  for (uint32_t from = 0; from < count; from += RESCALE_EVERY) {
    uint32_t end = count < from + RESCALE_EVERY ? count : from + RESCALE_EVERY;
    double most = 0;
    for (uint32_t s = 0; s < nodes; s++) {
      double value = product[s];
      for (uint32_t j = from; j < end; j++) value *= hit[s] * p[j] + miss[s] * q[j];
      product[s] = value;
      if (value > most) most = value;
    }
    double inverse = 1 / most;
    for (uint32_t s = 0; s < nodes; s++) product[s] *= inverse;
  }
  uint32_t kept = 0;
  double most = 0;
  for (uint32_t s = 0; s < nodes; s++) if (product[s] > most) most = product[s];
  for (uint32_t s = 0; s < nodes; s++) {
    if (!(product[s] >= NEGLIGIBLE * most)) continue;
    product[kept] = product[s], hit[kept] = hit[s], miss[kept++] = miss[s];
  }
  for (uint32_t j = 0; j < count; j++) {
    double plus = 0, minus = 0;
    for (uint32_t s = 0; s < kept; s++) {
      double without = product[s] / (hit[s] * p[j] + miss[s] * q[j]);
      plus += without * hit[s];
      minus += without * miss[s];
    }
    odds[j] = plus / minus;
  }
}

static double asShare(double ratio) {
  return 1 / (1 + (CLASSES - 1) * exp(-ratio));
}

/* Adds the messages to each task and keeps its posterior; returns the sum of the squares of all. */
static double posteriors(void) {
  double total = 0;
  for (uint32_t t = 0; t < tasks; t++) {
    double logit[CLASSES] = {0}, most = 0, sum = 0;
    for (uint32_t e = start[t]; e < start[t + 1]; e++) logit[label[e]] += push[e];
    for (int k = 0; k < CLASSES; k++) most = fmax(most, logit[k]);
    for (int k = 0; k < CLASSES; k++) sum += posterior[t * CLASSES + k] = exp(logit[k] - most);
    for (int k = 0; k < CLASSES; k++) {
      double share = posterior[t * CLASSES + k] /= sum;
      total += share * share;
    }
  }
  return total;
}

static double sweep(void) {
  fromTasks();
  for (uint32_t w = 0; w < workers; w++) {
    uint32_t first = workerStart[w], count = workerStart[w + 1] - first;
    for (uint32_t j = 0; j < count; j++) p[j] = right[byWorker[first + j]], q[j] = wrong[byWorker[first + j]];
    fromWorker(count, ruleSize[ruleOf[w]], accuracy[ruleOf[w]], weight[ruleOf[w]]);
    for (uint32_t j = 0; j < count; j++) {
      uint32_t e = byWorker[first + j];
      double next = fmin(MOST_PUSH, fmax(-MOST_PUSH, log(odds[j]))), moved = fabs(asShare(next) - asShare(push[e]));
      push[e] = next;
      if (moved > change) change = moved;
    }
  }
  return posteriors();
}

static void *need(size_t bytes) {
  void *place = malloc(bytes);
  if (!place) exit(1);
  return place;
}

static void fill(void *to, size_t bytes, FILE *file) {
  if (bytes && fread(to, 1, bytes, file) != bytes) exit(1);
}

int main(int argc, char **argv) {
  if (argc != 3) return 1;
  FILE *file = fopen(argv[1], "rb"), *rules = fopen(argv[2], "rb");
  if (!file || !rules) return 1;
  uint32_t header[5];
  fill(header, sizeof header, file);
  if (header[0] != CLASSES) return 1;
  tasks = header[1], workers = header[2], answers = header[3];
  uint32_t blocks = header[4], *block = need(8ul * blocks), *worker = need(4ul * answers);
  label = need(2ul * answers);
  fill(block, 8ul * blocks, file);
  fill(worker, 4ul * answers, file);
  fill(label, 2ul * answers, file);
  start = need(4ul * (tasks + 1));
  uint32_t t = 0, e = 0;
  for (uint32_t b = 0; b < blocks; b++) for (uint32_t i = 0; i < block[2 * b + 1]; i++) start[t++] = e, e += block[2 * b];
  start[t] = e;
  tasks = t;
  workerStart = calloc(workers + 2, 4);
  byWorker = need(4ul * answers);
  for (e = 0; e < answers; e++) workerStart[worker[e] + 2]++;
  for (uint32_t w = 2; w < workers + 2; w++) workerStart[w] += workerStart[w - 1];
  for (e = 0; e < answers; e++) byWorker[workerStart[worker[e] + 1]++] = e;
  posterior = need(8ul * tasks * CLASSES);
  push = calloc(answers, 8), right = need(8ul * answers), wrong = need(8ul * answers);
  p = need(8ul * answers), q = need(8ul * answers), odds = need(8ul * answers);
  uint32_t count;
  fill(&count, 4, rules);
  ruleSize = need(4ul * count), accuracy = need(8ul * count), weight = need(8ul * count);
  for (uint32_t r = 0; r < count; r++) {
    fill(&ruleSize[r], 4, rules);
    if (ruleSize[r] > MOST_NODES) return 1;
    fill(accuracy[r] = need(8ul * ruleSize[r]), 8ul * ruleSize[r], rules);
    fill(weight[r] = need(8ul * ruleSize[r]), 8ul * ruleSize[r], rules);
  }
  ruleOf = need(4ul * workers);
  fill(ruleOf, 4ul * workers, rules);

  int iterations;
  while (scanf("%d", &iterations) == 1) {
    double from = cpuNs(), objective = 0;
    for (int i = 0; i < iterations; i++) objective = sweep();
    printf("%.0f %.12e\n", cpuNs() - from, objective);
    fflush(stdout);
  }
  return 0;
}
