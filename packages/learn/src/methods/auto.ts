import { type AnswerTable, type Estimate, fit, auto as labelOnly, tableNotes } from '@assay/core';
import { argmaxRow, type CoWorker, fixedCoWorkers, NetworkCoWorker, peopleOf } from './co-workers.ts';
import { peopleAlone } from './confusions.ts';
import { haemEstimate, runHaem } from './haem.ts';
import { defineLearnMethod, type LearnMethod } from './method.ts';
import { confusionOptions, foldsOf, foldsOption, networkOptions, networkSettings } from './options.ts';
import { voteShares } from './votes.ts';

/**
 * A network must agree with the consensus this far (κ-like: 0 as its commonest class would by itself, 1
 * always) to be let in.
 */
const leastSkill = 0.25;

/** Closer than this, neither estimate says which of the two is better, and the vote start gains more where it is right. */
const asGood = 0.03;

/**
 * Chooses without any truth: whether features help, and with which start.
 *
 * A network is trained on the vote shares and asked out of fold. If it agrees with the people's
 * consensus hardly more than the commonest class would, the answers alone decide (`auto` of the core).
 * Otherwise HAEM: from the vote start where the network is at least as accurate as the people together,
 * from the human-first start where it is weaker. The people's accuracy is what `auto` of the core
 * expects of its labels; the network's is the one that explains how often it agrees with the consensus,
 * if its mistakes were its own. What was chosen and why is in the
 * notes and in `extra.chosen`. Cost: one more out-of-fold training than `haem`.
 *
 * Source: the reading of the measurements in Assay's own study of HAEM.
 */
export const auto: LearnMethod = defineLearnMethod({
  id: 'auto',
  title: 'Automatic choice',
  summary: 'HAEM with the start that suits the network, or the answers alone where features do not help.',
  citation: 'Assay (2026), over Yamashita et al., HAEM.',
  options: { ...confusionOptions, folds: foldsOption, ...networkOptions },
  async fit(input, values, context) {
    const { table, features } = input;
    const people = peopleOf(table);
    const fixed = fixedCoWorkers(table);
    const notes = [...tableNotes(table), ...(features?.notes ?? [])];
    const alone = (why: string): Estimate => {
      const estimate = fit(labelOnly, table, { seed: context.seed });
      return estimate.with({
        extra: { ...estimate.extra, chosen: { method: 'answers alone', why } },
        notes: [...estimate.notes, why, ...(features?.notes ?? [])],
      });
    };
    if ((features === undefined && fixed.length === 0) || table.classCount < 2 || people.answerCount === 0)
      return { estimate: alone('there is nothing to train on: the answers alone decide') };
    const folds = foldsOf(values.folds, table.taskCount);
    const network =
      features === undefined
        ? undefined
        : new NetworkCoWorker(people, features, networkSettings(values, folds), context);
    const shares = voteShares(people);
    const { q } = peopleAlone(people, shares, values.confusion, values.strength);
    let start: 'human' | 'vote' = 'human';
    let why = 'models of unknown quality come in after the people';
    let coWorkers: CoWorker[] = fixed;
    if (network !== undefined) {
      const first = await network.opinions(shares, true);
      const { skill, agrees } = agreementOf(first, q, people);
      if (skill < leastSkill && fixed.length === 0) {
        const says = `the features hardly help (out of fold, the network agrees with the consensus on ${percent(agrees)}): the answers alone decide`;
        return { estimate: alone(says), classifier: network.classifier, opinions: first };
      }
      if (skill >= leastSkill) coWorkers = [network, ...fixed];
      const crowd = expectedAccuracy(fit(labelOnly, people, { seed: context.seed }), q);
      const model = accuracyBehind(agrees, crowd, people.classCount);
      start = model >= crowd - asGood ? 'vote' : 'human';
      why = `out of fold, the network agrees with the consensus on ${percent(agrees)}: an accuracy of about ${percent(model)} beside ${percent(crowd)} of the people together, so ${start === 'vote' ? 'it votes from the start' : 'people come first'}`;
    }
    const settings = { rounds: 2, smooth: 1, vote: 'hard', mostWeight: 4.6, freezePeople: false, guard: true } as const;
    const found = await runHaem(people, coWorkers, {
      ...settings,
      start,
      confusion: values.confusion,
      strength: values.strength,
    });
    notes.push(why, ...(network?.notes ?? []));
    const estimate = haemEstimate(table, people, found, coWorkers, { id: 'auto', values, seed: context.seed, notes });
    return {
      estimate: estimate.with({ extra: { ...estimate.extra, chosen: { method: 'haem', start, folds, why } } }),
      classifier: network?.classifier,
      opinions: network === undefined ? undefined : found.models[0]?.opinions,
    };
  },
});

/** How often the network says what the consensus is; and its skill beyond the commonest class. */
function agreementOf(opinions: Float64Array, q: Float64Array, people: AnswerTable): { skill: number; agrees: number } {
  const { taskCount, classCount, taskStart } = people;
  const sizes = new Float64Array(classCount);
  let [tasks, same] = [0, 0];
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    if (taskStart[task] === taskStart[task + 1] || Number.isNaN(opinions[row])) continue;
    tasks++;
    for (let k = 0; k < classCount; k++) sizes[k] += q[row + k];
    same += q[row + argmaxRow(opinions, task, classCount)];
  }
  if (tasks === 0) return { skill: 0, agrees: 0 };
  const commonest = Math.max(...sizes) / tasks;
  const agrees = same / tasks;
  return { skill: commonest >= 1 ? 0 : (agrees - commonest) / (1 - commonest), agrees };
}

/** What the answers alone claim for their labels; the mean of the largest posteriors where they claim nothing. */
function expectedAccuracy({ extra, posterior, classCount }: Estimate, q: Float64Array): number {
  const claimed = (extra.expectedAccuracy as { value?: number } | undefined)?.value;
  if (claimed !== undefined && Number.isFinite(claimed)) return claimed;
  let sum = 0;
  for (let row = 0; row < posterior.length; row += classCount) sum += Math.max(...q.subarray(row, row + classCount));
  return sum / Math.max(1, posterior.length / classCount);
}

/** The accuracy that explains an agreement with labels of known accuracy, if mistakes were independent. */
function accuracyBehind(agrees: number, accuracy: number, classCount: number): number {
  const byChance = (1 - accuracy) / (classCount - 1);
  return accuracy <= byChance ? 0 : Math.min(1, Math.max(0, (agrees - byChance) / (accuracy - byChance)));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
