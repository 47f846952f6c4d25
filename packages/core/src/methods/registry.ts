import { InputError, nearNames, shown } from '../errors.ts';
import { dawidSkene, dawidSkeneHard, dawidSkeneHybrid, dawidSkeneMap } from './dawid-skene/dawid-skene.ts';
import type { Method } from './method.ts';
import { majorityVote } from './voting/majority-vote.ts';

/** Every method that needs answers alone, in the order they are listed to users. */
export const methods: readonly Method[] = [majorityVote, dawidSkene, dawidSkeneHard, dawidSkeneHybrid, dawidSkeneMap];

/**
 * The method with this id.
 *
 * @throws {InputError} unknown-method, naming the near ones
 * @example
 * methodById('dawid-skene').title; // => 'Dawid-Skene'
 */
export function methodById(id: string): Method {
  const found = methods.find((method) => method.id === id);
  if (found !== undefined) return found;
  const near = nearNames(
    id,
    methods.map((method) => method.id),
  );
  const fix = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'list them with "assay methods"';
  throw new InputError(`unknown method ${shown(id)}; ${fix}`, {
    code: 'unknown-method',
    path: 'method',
    got: id,
    hint: fix,
  });
}
