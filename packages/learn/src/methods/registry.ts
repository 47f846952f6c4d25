import { InputError, nearNames, shown } from '@assay/core';
import { aggnet } from './aggnet.ts';
import { auto } from './auto.ts';
import { bayesdgc } from './bayesian/bayesdgc.ts';
import { crowdlabMethod } from './crowdlab.ts';
import { ccem, coinnet, crowdLayer, geocrowdnetF, geocrowdnetW, maxMig, trace } from './end-to-end/index.ts';
import { haem } from './haem.ts';
import { mbem } from './mbem.ts';
import type { LearnMethod } from './method.ts';
import { deepBp } from './propagation/deepbp.ts';
import { deepMf } from './propagation/deepmf.ts';
import { raykar } from './raykar.ts';

/** Every learning method, in the order they are listed to users. */
export const learnMethods: readonly LearnMethod[] = [
  auto,
  haem,
  mbem,
  aggnet,
  raykar,
  crowdlabMethod,
  crowdLayer,
  ccem,
  trace,
  geocrowdnetF,
  geocrowdnetW,
  maxMig,
  coinnet,
  bayesdgc,
  deepMf,
  deepBp,
];

/** @throws {InputError} unknown-method, with the near ones */
export function learnMethodById(id: string): LearnMethod {
  const found = learnMethods.find((method) => method.id === id);
  if (found !== undefined) return found;
  const ids = learnMethods.map((method) => method.id);
  const near = nearNames(id, ids);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the methods are ${ids.join(', ')}`;
  throw new InputError(`unknown method ${shown(id)}; ${hint}`, { code: 'unknown-method', got: id, hint });
}
