import { type AnswerTable, InputError, shown } from '@assay/core';
import { groupIndex, positiveClass, type TaskGroups } from '@assay/core/quality';
import type { FairnessCriterion } from '../../fairness/fair-loss.ts';
import { addGroupPenalty } from '../../fairness/group-penalty.ts';
import type { Batch, CrowdLoss } from './joint-training.ts';

/** What is made alike, and how strongly. */
export interface GroupPenaltySettings {
  /** The group of each task: the sensitive attribute. Tasks without one are not penalised. */
  readonly groups: TaskGroups;
  /** The class whose rate is compared. */
  readonly positive: string;
  /** λ ≥ 0. From 1 to 100; the loss of a task is about 1. */
  readonly weight: number;
  /** Default `parity`. */
  readonly criterion?: FairnessCriterion;
  /** What is believed of the tasks, T×K: needed by `opportunity` and `odds`. */
  readonly belief?: Float64Array;
}

/**
 * The loss of a method that learns from the answers themselves, with {@link addGroupPenalty} on what the
 * network says of each batch.
 *
 * Use with `trainJointly` where network and workers are trained together and the network must treat groups
 * of tasks alike; for a classifier on a finished posterior use `learnFairly`. `opportunity` weights tasks
 * by the belief in the positive class, `odds` adds the term with the belief in the others. Take batches
 * with dozens of tasks of each group: in small ones chance differences are penalised too. Tasks without a
 * group are learned from but not compared; a batch with one group adds nothing. O(B + G) a batch on top.
 *
 * It can cost much: `parity` does not know which group was wronged. On 1,200 drawn tasks whose workers say
 * "yes" too often in one of two groups, weight 20 lowers the gap from .39 to .02 and accuracy from .70 to .65.
 *
 * Source: see {@link addGroupPenalty}; beliefs in place of truth are our own.
 *
 * @throws {InputError} unknown-label, invalid-option, missing-belief
 */
export class GroupPenalty implements CrowdLoss {
  readonly #inner: CrowdLoss;
  readonly #groupOf: Int32Array;
  readonly #classCount: number;
  readonly #yes: number;
  readonly #weight: number;
  /** The weight of each task in the means, one array per term. */
  readonly #terms: readonly Float64Array[];

  constructor(inner: CrowdLoss, table: AnswerTable, settings: GroupPenaltySettings) {
    const { groups, positive, weight, criterion = 'parity', belief } = settings;
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw new InputError(`invalid weight ${shown(weight)}; expected a finite number from 0`, {
        code: 'invalid-option',
        path: 'weight',
        got: String(weight),
        hint: 'give a number from 0; 10 is a start',
      });
    }
    if (criterion !== 'parity' && belief === undefined) {
      throw new InputError(`missing belief for the criterion ${shown(criterion)}; give the posterior of a consensus`, {
        code: 'missing-belief',
        path: 'belief',
        hint: 'give the posterior of a consensus, T×K',
      });
    }
    const { of } = groupIndex(table.tasks, groups);
    this.#inner = inner;
    this.#groupOf = of;
    this.#classCount = table.classCount;
    this.#yes = positiveClass(table.classes, positive);
    this.#weight = weight;
    this.#terms = termsOf(criterion, of.length, (task) => (belief ?? of)[task * table.classCount + this.#yes]);
  }

  evaluate(batch: Batch): number {
    const { tasks, f, slope } = batch;
    let loss = this.#inner.evaluate(batch);
    const group = Int32Array.from(tasks, (task) => this.#groupOf[task]);
    const own = { group, favourable: this.#yes, weight: this.#weight };
    for (const term of this.#terms) {
      const rowWeight = Float64Array.from(tasks, (task) => term[task]);
      loss += addGroupPenalty(f, slope, tasks.length, this.#classCount, { ...own, rowWeight });
    }
    return loss;
  }

  step(rate: number): void {
    this.#inner.step(rate);
  }
}

function termsOf(criterion: FairnessCriterion, tasks: number, positive: (task: number) => number): Float64Array[] {
  if (criterion === 'parity') return [new Float64Array(tasks).fill(1)];
  const believed = Float64Array.from({ length: tasks }, (_, task) => positive(task));
  return criterion === 'opportunity' ? [believed] : [believed, believed.map((q) => 1 - q)];
}
