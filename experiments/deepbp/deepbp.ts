import type { Experiment, ExperimentOptions, ExperimentResult } from '../experiment.ts';
import { blurAndCap, featureTable, fixedBudget, spammers, sparsity } from './features.ts';
import { drawsAgainstExact, labelTable, overconfidence, type Part } from './labels.ts';
import { readGarments } from './pictures.ts';
import { realCrowds } from './real.ts';
import { referenceStudy } from './reference.ts';
import { Runs } from './runs.ts';
import { traceSensitivity } from './trace.ts';

/**
 * deepMF and deepBP: tables of labels with and without pictures, and figures 1 to 4 and 6 to 8.
 *
 * 1,000 pictures, 750 workers of four answers each, three answers a picture; pullovers and shirts of
 * Fashion-MNIST in the place of dogs and cats, one hidden layer in the place of four convolutions, the
 * mean of 5 crowds (30 for answers alone) in the place of 50. Figure 5 needs faces that are not public.
 * Quick: tables on fewer crowds, figures 4, 7 and 8.
 */
export const deepbpStudy: Experiment = {
  id: 'deepbp',
  title: 'deepMF and deepBP: sparse crowds, spammers, wrong priors, blurred pictures',
  source: 'Kim, Cho, Kim & Ok (2022). Robust deep learning from crowds with belief propagation. AISTATS.',
  async run(options: ExperimentOptions): Promise<ExperimentResult> {
    const { full, data = '../shared/datasets' } = options;
    const garments = await readGarments(data);
    const runs = new Runs(options, garments);
    const parts: Part[] = [
      await labelTable(options, runs),
      await overconfidence(options),
      await drawsAgainstExact(options, runs),
      { ...(await referenceStudy(options, garments)), figures: [] },
      await featureTable(options, runs),
      await traceSensitivity(options, garments),
    ];
    if (full) {
      for (const part of [sparsity, spammers, fixedBudget, blurAndCap]) parts.push(await part(options, runs));
      parts.push(await realCrowds(options));
    }
    return {
      tables: parts.flatMap(({ tables }) => tables),
      bands: parts.flatMap(({ bands }) => bands),
      figures: parts.flatMap(({ figures }) => figures),
      notes: [
        'pictures are pullovers and shirts of Fashion-MNIST: the paper’s dogs, cats and faces are not to be had here, nor its network of four convolutions',
        'with clear pictures deepMF hardly falls with the prior, unlike in the paper: these pictures are easier, and the network sets the labels right before mean field can follow the spammer; blurred, the difference is there',
      ],
    };
  },
};
