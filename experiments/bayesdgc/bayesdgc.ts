import type { Experiment } from '../experiment.ts';
import { answersStudy } from './answers.ts';
import { variantsStudy } from './variants.ts';

/**
 * BayesDGC: what features bring where answers are few, and what its variants are worth.
 *
 * The paper's 22 binary sets (labels of 700 and 1,495 pictures, nine workers, Fisher vectors) are not
 * public. Every class of music and of LabelMe against the rest stands in: 18 binary sets of real crowds
 * with features, as uneven as the paper's. Full: three draws at five shares of the answers instead of
 * ten at ten.
 */
export const bayesdgcStudy: Experiment = {
  id: 'bayesdgc',
  title: 'BayesDGC: binary tasks against the share of the answers, and its variants',
  source: 'Li, Huang & Chen (2021). Crowdsourcing aggregation with deep Bayesian learning. Figures 3 and 4.',
  async run(options) {
    const answers = await answersStudy(options);
    const variants = await variantsStudy(options);
    return {
      tables: [...answers.tables, ...variants.tables],
      bands: [...answers.bands, ...variants.bands],
      figures: [...answers.figures, ...variants.figures],
      notes: [
        'The paper’s 22 binary sets are not public; every class of music and of LabelMe against the rest stands in.',
        'The reference of the variants is an independent implementation run on the same answers.',
        'The literal method multiplies the network by the class prior without a normaliser: both learn the balance of classes from q, so each strengthens the other, and weak answers end in one class.',
      ],
    };
  },
};
