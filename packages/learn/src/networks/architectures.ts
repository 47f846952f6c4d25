import type { Architecture } from './layers.ts';

/** Logistic regression: one dense layer. For few rows or features that are already good. */
export function logistic(inputs: number, classes: number): Architecture {
  return { name: 'logistic', input: [inputs], layers: [], classes };
}

/**
 * One hidden layer of rectified units, with dropout behind it when asked for: the default for
 * features.
 */
export function mlp(inputs: number, classes: number, hidden = 128, dropout = 0): Architecture {
  const layers = [{ layer: 'dense', units: hidden }, { layer: 'relu' }] as const;
  return {
    name: 'mlp',
    input: [inputs],
    layers: dropout > 0 ? [...layers, { layer: 'dropout', rate: dropout }] : layers,
    classes,
  };
}

/** Two convolutions of 3×3 with 8 and 16 channels, each pooled by 2, and a hidden layer of 64: for small pictures. */
export function smallCnn(input: readonly [number, number, number], classes: number): Architecture {
  const block = (channels: number) =>
    [
      { layer: 'convolution', channels, size: 3, padding: 1 },
      { layer: 'relu' },
      { layer: 'maxPool', size: 2 },
    ] as const;
  return {
    name: 'cnn',
    input,
    layers: [...block(8), ...block(16), { layer: 'dense', units: 64 }, { layer: 'relu' }],
    classes,
  };
}

/**
 * A small residual network: a convolution, `blocks` residual pairs of 3×3 convolutions, global
 * average pooling. Without batch normalisation.
 */
export function smallResNet(
  input: readonly [number, number, number],
  classes: number,
  channels = 16,
  blocks = 2,
): Architecture {
  const convolution = { layer: 'convolution', channels, size: 3, padding: 1 } as const;
  const relu = { layer: 'relu' } as const;
  const block = [{ layer: 'residual', layers: [convolution, relu, convolution] } as const, relu];
  const layers = [convolution, relu, ...Array.from({ length: blocks }, () => block).flat(), { layer: 'averagePool' }];
  return { name: 'resnet', input, layers: layers as Architecture['layers'], classes };
}
