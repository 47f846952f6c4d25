/** Added before the logarithm. */
const least = 1e-9;

/**
 * Caps what a network says of tasks: the part of a probability above `cap` goes evenly to the other
 * classes, until none is above. A cap of 1 trusts the network, one of 1/K or less leaves it out.
 *
 * Writes ln of the clipped rows of `opinions` (T×K) over the same rows of `logPrior`; rows of NaN,
 * where the network has no opinion, and those of gold tasks keep what stands there.
 *
 * Source: Kim, Cho, Kim & Ok (2022), section 3.3.
 */
export function clipInto(
  logPrior: Float64Array,
  opinions: Float64Array,
  cap: number,
  classCount: number,
  gold?: Int32Array,
): void {
  const row = new Float64Array(classCount);
  for (let at = 0, task = 0; at < opinions.length; at += classCount, task++) {
    if (Number.isNaN(opinions[at]) || (gold !== undefined && gold[task] >= 0)) continue;
    if (cap * classCount <= 1) {
      logPrior.fill(-Math.log(classCount), at, at + classCount);
      continue;
    }
    row.set(opinions.subarray(at, at + classCount));
    clipRow(row, cap);
    for (let k = 0; k < classCount; k++) logPrior[at + k] = Math.log(row[k] + least);
  }
}

/**
 * The same for one row of probabilities, in place, in at most K passes: a class that has reached the cap
 * takes no more, which is where spreading over all others again and again ends.
 */
export function clipRow(row: Float64Array, cap: number): void {
  for (;;) {
    let excess = 0;
    let open = 0;
    for (let k = 0; k < row.length; k++) {
      excess += Math.max(0, row[k] - cap);
      row[k] = Math.min(row[k], cap);
      if (row[k] < cap) open++;
    }
    if (excess === 0 || open === 0) return;
    const share = excess / open;
    for (let k = 0; k < row.length; k++) if (row[k] < cap) row[k] += share;
  }
}
