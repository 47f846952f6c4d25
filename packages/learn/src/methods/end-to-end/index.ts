/** Methods that train a network and what they learn of workers on one loss, end to end. */
export { ccem, geocrowdnetF, geocrowdnetW, trace } from './ccem.ts';
export { coinnet } from './coinnet.ts';
export { ConfusionLogits, type ConfusionStart, startLogits } from './confusion-logits.ts';
export { CoupledCrossEntropy, type Regularisers } from './coupled-cross-entropy.ts';
export { crowdLayer } from './crowd-layer.ts';
export { type CrowdLayerForm, CrowdLayerLoss } from './crowd-layer-loss.ts';
export { CumulativeLoss, orderedClasses } from './cumulative.ts';
export { type Descent, type DescentContext, type DescentSet, descend, type OutputLoss } from './descend.ts';
export { type InstanceOptions, type InstanceResult, learnInstanceDependent } from './instance-dependent.ts';
export { InstanceLoss } from './instance-loss.ts';
export { type Batch, type CrowdLoss, type JointTraining, trainJointly } from './joint-training.ts';
export { maxMig } from './max-mig.ts';
export { MutualInformation } from './mutual-information.ts';
export { learnOrdinal, type OrdinalOptions, type OrdinalResult } from './ordinal.ts';
export { OutlierLoss, type OutlierSettings } from './outlier-loss.ts';
export { AdamParameters } from './parameters.ts';
export { learnNumbers, type RegressionOptions, type RegressionResult } from './regression.ts';
export { type NumberAnswers, type RegressionForm, RegressionLayerLoss } from './regression-layer.ts';
