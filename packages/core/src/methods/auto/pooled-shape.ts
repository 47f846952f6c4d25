/** The crowd's confusion from soft counts W×K×K: Σ_u counts + 1/K, rows normalised. */
export function pooledShape(counts: Float64Array, classCount: number): Float64Array {
  const block = classCount * classCount;
  const shape = new Float64Array(block).fill(1 / classCount);
  for (let cell = 0; cell < counts.length; cell++) shape[cell % block] += counts[cell];
  for (let row = 0; row < block; row += classCount) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) mass += shape[row + l];
    for (let l = 0; l < classCount; l++) shape[row + l] /= mass;
  }
  return shape;
}
