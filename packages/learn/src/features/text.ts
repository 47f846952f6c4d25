import { hash32 } from '@assay/core/math';
import type { FeatureMatrix } from './matrix.ts';

/** Columns of hashed text; a power of two, so that bits of a hash choose. */
const hashColumns = 2048;

/**
 * Texts as rows of hashed words: every word and every pair of neighbours adds ±1 in the column its hash
 * chooses, counts are damped (1 + ln count), rows brought to length 1.
 *
 * Nothing is learned here, so a text gives the same row anywhere, and no vocabulary has to travel with a
 * model. How rare each word is (idf) is learned on the tasks trained on, where features are standardised.
 * Signs make words that share a column cancel rather than add. A word is a run of letters, digits
 * or marks of any script, in lower case. A text without words is a row of zeros. O(characters); 8 kB a
 * text.
 *
 * Source: Weinberger, Dasgupta, Langford, Smola & Attenberg (2009), Feature hashing for large scale
 * multitask learning; Salton & Buckley (1988), Term-weighting approaches.
 *
 * @example
 * const { values } = hashedText(['Good film', 'good FILM!'], ['t1', 't2']);
 * values.subarray(0, 2048).every((value, i) => value === values[2048 + i]); // => true
 */
export function hashedText(texts: readonly string[], tasks: readonly string[]): FeatureMatrix {
  const values = new Float32Array(texts.length * hashColumns);
  texts.forEach((text, row) => {
    const own = values.subarray(row * hashColumns, (row + 1) * hashColumns);
    const words =
      text
        .normalize('NFC')
        .toLowerCase()
        .match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    words.forEach((word, i) => {
      count(own, word);
      if (i > 0) count(own, `${words[i - 1]} ${word}`);
    });
    let square = 0;
    for (let column = 0; column < hashColumns; column++) {
      if (own[column] !== 0) own[column] = Math.sign(own[column]) * (1 + Math.log(Math.abs(own[column])));
      square += own[column] ** 2;
    }
    if (square === 0) return;
    const scale = 1 / Math.sqrt(square);
    for (let column = 0; column < hashColumns; column++) own[column] *= scale;
  });
  return { rows: texts.length, columns: hashColumns, values, tasks, weighting: 'rarity' };
}

function count(row: Float32Array, term: string): void {
  const hash = hash32(term, 0);
  row[hash & (hashColumns - 1)] += hash >>> 31 === 0 ? 1 : -1;
}
