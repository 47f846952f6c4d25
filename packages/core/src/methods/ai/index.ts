/** AI models beside people, where nothing is trained: CROWDLAB, ActiveLab, tempering. */
export { type ActivelabOptions, type ActivelabResult, activelab } from './activelab.ts';
export { type CrowdlabOptions, type CrowdlabResult, crowdlab, crowdlabEstimate } from './crowdlab.ts';
export { bestTemperature, tempered } from './temperature.ts';
