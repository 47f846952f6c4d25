import { expect, it } from 'vitest';
import { listOf, pairsOf } from '../../src/input/flags.ts';

it('splits lists at commas, and not inside quotation marks', () => {
  expect(listOf('cat,dog')).toEqual(['cat', 'dog']);
  expect(listOf('"cat, black",,"say ""hi"""')).toEqual(['cat, black', '', 'say "hi"']);
});

it('collects NAME=VALUE, keeps later equals signs, and refuses a name given twice', () => {
  expect(pairsOf('b=2=3', pairsOf('a=1'))).toEqual({ a: '1', b: '2=3' });
  expect(() => pairsOf('a=2', { a: '1' })).toThrow('given twice');
  expect(() => pairsOf('novalue')).toThrow('NAME=VALUE');
});
