/** The most answers summed over in any case: the cost grows with their square. */
const longestProgramme = 500;

/**
 * The most answers for which rescaled rows of doubles hold what matters: a right answer can be worth
 * up to 2(K − 1) wrong ones in g and its law, and their product must stay within 280 decades.
 */
export function programmeLimit(classCount: number): number {
  return Math.min(longestProgramme, Math.floor(280 / Math.log10(2 * (classCount - 1))));
}

/**
 * Leave-one-out sums over the number of right answers of one worker.
 *
 * With p_j the probability that answer j is right (judged without it) and g(c) the probability of c
 * right answers, it needs for each j the ratio Σ_c P₋ⱼ(c) g(c + 1) / Σ_c P₋ⱼ(c) g(c), where P₋ⱼ is
 * the law of the number right among the others. Backward rows of g and a forward law meet at j, so
 * all ratios cost O(count²). Every term is positive: exact to rounding, up to
 * {@link programmeLimit} answers.
 */
export class LeaveOneOut {
  #triangle: Float64Array = new Float64Array(0);
  #forward: Float64Array = new Float64Array(0);

  /** Writes the ln ratios; `g` has count + 1 values on any scale, p + q = 1 with both kept for their digits. */
  logRatios(g: Float64Array, p: Float64Array, q: Float64Array, count: number, out: Float64Array): void {
    const length = ((count + 1) * (count + 2)) / 2;
    if (this.#triangle.length < length) this.#triangle = new Float64Array(length);
    if (this.#forward.length < count + 1) this.#forward = new Float64Array(count + 1);
    const rows = this.#triangle;
    const forward = this.#forward;
    // Row j has j + 1 entries from j(j+1)/2: what the answers from j on expect for each number right so far.
    let row = (count * (count + 1)) / 2;
    for (let a = 0; a <= count; a++) rows[row + a] = g[a];
    for (let j = count; j >= 1; j--) {
      const below = row - j;
      const right = p[j - 1];
      const wrong = q[j - 1];
      let most = 0;
      for (let a = 0; a < j; a++) {
        const value = wrong * rows[row + a] + right * rows[row + a + 1];
        rows[below + a] = value;
        if (value > most) most = value;
      }
      // Scales of a row and of the law cancel in the ratio.
      if (most > 0 && most < 1e-100) for (let a = 0; a < j; a++) rows[below + a] /= most;
      row = below;
    }
    forward.fill(0, 0, count + 1);
    forward[0] = 1;
    for (let j = 1; j <= count; j++) {
      const from = (j * (j + 1)) / 2;
      const right = p[j - 1];
      const wrong = q[j - 1];
      let miss = 0;
      let hit = 0;
      for (let a = 0; a < j; a++) {
        miss += forward[a] * rows[from + a];
        hit += forward[a] * rows[from + a + 1];
      }
      const ratio = Math.log(hit) - Math.log(miss);
      // Both are zero only where the prior rules out what is sure: then the message says nothing.
      out[j - 1] = Number.isNaN(ratio) ? 0 : ratio;
      let most = 0;
      for (let a = j; a >= 0; a--) {
        const value = forward[a] * wrong + (a > 0 ? forward[a - 1] * right : 0);
        forward[a] = value;
        if (value > most) most = value;
      }
      if (most > 0 && most < 1e-100) for (let a = 0; a <= j; a++) forward[a] /= most;
    }
  }
}

/** The law of the number of right answers, into `out` (count + 1). */
export function rightCountLaw(p: Float64Array, q: Float64Array, count: number, out: Float64Array): void {
  out.fill(0, 0, count + 1);
  out[0] = 1;
  for (let j = 0; j < count; j++) {
    for (let a = j + 1; a >= 0; a--) out[a] = out[a] * q[j] + (a > 0 ? out[a - 1] * p[j] : 0);
  }
}
