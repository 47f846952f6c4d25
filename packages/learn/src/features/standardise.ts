import type { Standardisation } from '../networks/network.ts';
import type { FeatureMatrix } from './matrix.ts';

/** What {@link standardisationOf} found. */
export interface StandardisationReport extends Standardisation {
  /** Columns that say nothing: the same value in every row. They become 0. */
  readonly constant: number;
}

/**
 * Mean and scale of each feature over the given rows: learn them on what is trained on, and use them
 * on everything.
 *
 * Sums are float64 and taken about the first row, so values that are huge but close together keep
 * their differences. Columns with one value get scale 0. Columns of terms keep their zeros and get
 * the weight 1 + ln((1 + rows)/(1 + rows with the term)), those no row has 0. O(rows × columns).
 */
export function standardisationOf(matrix: FeatureMatrix, rows: ArrayLike<number>): StandardisationReport {
  if (matrix.weighting === 'rarity') return rarityOf(matrix, rows);
  const { columns, values } = matrix;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  const count = Math.max(1, rows.length);
  const origin = rows.length > 0 ? rows[0] * columns : 0;
  for (let i = 0; i < rows.length; i++) {
    for (let column = 0; column < columns; column++) {
      const value = values[rows[i] * columns + column] - values[origin + column];
      mean[column] += value / count;
      square[column] += (value * value) / count;
    }
  }
  let constant = 0;
  const scale = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    const variance = square[column] - mean[column] ** 2;
    const isConstant = !(variance > 1e-12 * square[column]) || !Number.isFinite(1 / Math.sqrt(variance));
    scale[column] = isConstant ? 0 : 1 / Math.sqrt(variance);
    if (isConstant) constant++;
    mean[column] += rows.length > 0 ? values[origin + column] : 0;
  }
  return { mean: Float32Array.from(mean), scale, constant };
}

/** Inverse document frequencies. Source: Spärck Jones (1972), smoothed as if one more text had every term. */
function rarityOf({ columns, values }: FeatureMatrix, rows: ArrayLike<number>): StandardisationReport {
  const texts = new Uint32Array(columns);
  for (let i = 0; i < rows.length; i++)
    for (let column = 0; column < columns; column++) if (values[rows[i] * columns + column] !== 0) texts[column]++;
  const scale = Float32Array.from(texts, (count) => (count === 0 ? 0 : 1 + Math.log((1 + rows.length) / (1 + count))));
  return { mean: new Float32Array(columns), scale, constant: 0 };
}

/** The features standardised, as a new matrix. In float32, exactly as an exported model computes it. */
export function standardised(matrix: FeatureMatrix, { mean, scale }: Standardisation): FeatureMatrix {
  const values = new Float32Array(matrix.values.length);
  for (let i = 0; i < values.length; i++) {
    const column = i % matrix.columns;
    values[i] = Math.fround(matrix.values[i] - mean[column]) * scale[column];
  }
  return { ...matrix, values };
}
