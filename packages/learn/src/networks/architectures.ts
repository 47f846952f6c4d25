import type { Architecture, Layer } from './layers.ts';

/** Logistic regression: one dense layer. For few rows or features that are already good. */
export function logistic(inputs: number, classes: number): Architecture {
  return { name: 'logistic', input: [inputs], layers: [], classes };
}

/**
 * One hidden layer of rectified units, with dropout behind it when asked for: the default for
 * features.
 */
export function mlp(inputs: number, classes: number, units = 128, dropout = 0): Architecture {
  return { name: 'mlp', input: [inputs], layers: hidden(units, dropout), classes };
}

/** Channels, height and width of a picture. */
export type PictureSize = readonly [number, number, number];

/** Two convolutions of 3×3 with 8 and 16 channels, each pooled by 2, and a hidden layer of 64: for small pictures. */
export function smallCnn(input: PictureSize, classes: number): Architecture {
  const layers = [...pooled(8, 3, 1), ...pooled(16, 3, 1), ...hidden(64)];
  return { name: 'cnn', input, layers, classes };
}

/**
 * Four convolutions of 3×3 without padding with 32, 32, 64 and 64 channels, each pooled by 2, batch
 * normalisation behind the first, a hidden layer of 128 with dropout: for pictures of 46 pixels or more.
 *
 * Source: the network of the deepMF and deepBP papers (pictures of 150 × 150).
 */
export function fourLayerCnn(input: PictureSize, classes: number, dropout = 0.5): Architecture {
  const blocks = [
    ...pooled(32, 3, 0),
    { layer: 'batchNorm' } as const,
    ...[32, 64, 64].flatMap((n) => pooled(n, 3, 0)),
  ];
  return { name: 'cnn4', input, layers: [...blocks, ...hidden(128, dropout)], classes };
}

/**
 * Five convolutions and two hidden layers with dropout in the proportions of AlexNet, a quarter of its
 * width, with batch normalisation where it had local response normalisation and pools that do not
 * overlap: for pictures of 16 pixels or more.
 *
 * Source: Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional neural
 * networks.
 */
export function smallAlexNet(input: PictureSize, classes: number, dropout = 0.5): Architecture {
  const layers = [
    ...pooled(24, 5, 2),
    { layer: 'batchNorm' },
    ...pooled(64, 5, 2),
    { layer: 'batchNorm' },
    ...convolution(96, 3, 1),
    ...convolution(96, 3, 1),
    ...pooled(64, 3, 1),
    ...hidden(256, dropout),
    ...hidden(256, dropout),
  ] as const;
  return { name: 'alexnet', input, layers, classes };
}

/**
 * A small residual network: a convolution, `blocks` residual pairs of 3×3 convolutions, global average
 * pooling; every convolution is batch-normalised.
 *
 * Source: He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition; all at one width.
 */
export function smallResNet(input: PictureSize, classes: number, channels = 16, blocks = 2): Architecture {
  const normalised = [{ layer: 'convolution', channels, size: 3, padding: 1 }, { layer: 'batchNorm' }] as const;
  const relu = { layer: 'relu' } as const;
  const block = [{ layer: 'residual', layers: [...normalised, relu, ...normalised] } as const, relu];
  const body = Array.from({ length: blocks }, () => block).flat();
  return { name: 'resnet', input, layers: [...normalised, relu, ...body, { layer: 'averagePool' }], classes };
}

function convolution(channels: number, size: number, padding: number): readonly Layer[] {
  return [{ layer: 'convolution', channels, size, padding }, { layer: 'relu' }];
}

function pooled(channels: number, size: number, padding: number): readonly Layer[] {
  return [...convolution(channels, size, padding), { layer: 'maxPool', size: 2 }];
}

function hidden(units: number, dropout = 0): readonly Layer[] {
  const layers: readonly Layer[] = [{ layer: 'dense', units }, { layer: 'relu' }];
  return dropout > 0 ? [...layers, { layer: 'dropout', rate: dropout }] : layers;
}
