import { contrast, darkPalette, figureStyles, lightPalette, type Palette, type Role } from '@assay/figures';
import { describe, expect, it } from 'vitest';
import { markerPath, markers, seriesLook } from '../src/marks.ts';
import { paint, rolesIn, seriesRoles } from '../src/theme.ts';

const themes: [string, Palette][] = [
  ['light', lightPalette],
  ['dark', darkPalette],
];

describe.each(themes)('the %s palette', (_, palette) => {
  it('has text that can be read on every surface it stands on (WCAG 4.5)', () => {
    for (const role of ['ink', 'muted'] as const) {
      for (const surface of ['surface', 'track'] as const) {
        expect(contrast(palette[role], palette[surface]), `${role} on ${surface}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (let step = 0; step < 10; step++) {
      const ratio = contrast(palette[`onRamp${step}` as Role], palette[`ramp${step}` as Role]);
      expect(ratio, `step ${step}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('has marks that can be seen (WCAG 3)', () => {
    for (const role of [...seriesRoles, 'axis'] as const) {
      expect(contrast(palette[role], palette.surface), role).toBeGreaterThanOrEqual(3);
    }
    for (const role of seriesRoles) expect(contrast(palette[role], palette.track), role).toBeGreaterThanOrEqual(2.7);
  });

  it('has series that stay apart for every kind of colour sight', () => {
    for (const first of seriesRoles) {
      for (const second of seriesRoles) {
        if (first === second) continue;
        for (const sight of Object.keys(sights)) {
          const distance = difference(palette[first], palette[second], sight);
          expect(distance, `${first} and ${second}, ${sight}`).toBeGreaterThan(12);
        }
      }
    }
  });

  it('has a ramp whose every step stands out more from the surface than the one before', () => {
    const ratios = Array.from({ length: 10 }, (_, step) => contrast(palette[`ramp${step}` as Role], palette.surface));
    for (let step = 1; step < 10; step++) expect(ratios[step]).toBeGreaterThan(ratios[step - 1]);
  });
});

describe('contrast', () => {
  it('is 21 for black on white and 1 for equals', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 10);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    expect(contrast('#123456', '#123456')).toBe(1);
  });
});

describe('figureStyles', () => {
  it('is dark on dark screens only, so that paper stays light', () => {
    expect(figureStyles()).toMatch(/@media screen and \(prefers-color-scheme:dark\)/);
    expect(figureStyles('light')).not.toContain('@media');
  });

  it('covers the roles that markup uses', () => {
    const attributes = paint({ fill: 'series2', stroke: 'ink' });
    expect(rolesIn(`<rect class="${attributes.class}"/>`)).toEqual(['ink', 'series2']);
  });
});

describe('the look of series', () => {
  it('never repeats colour, marker and dash together for 24 series', () => {
    const looks = Array.from({ length: 24 }, (_, index) => Object.values(seriesLook(index)).join());
    expect(new Set(looks).size).toBe(24);
  });

  it('gives the first six their own colour, marker and dash', () => {
    for (const property of ['role', 'marker', 'dash'] as const) {
      expect(new Set(Array.from({ length: 6 }, (_, index) => seriesLook(index)[property])).size).toBe(6);
    }
  });

  it('has closed marker shapes', () => {
    expect(new Set(markers.map((marker) => markerPath(marker, 5, 5, 4))).size).toBe(markers.length);
    for (const marker of markers) expect(markerPath(marker, 5, 5, 4)).toMatch(/^M[\d .a-zA-Z-]+z$/);
  });
});

// Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
const sights: Record<string, readonly (readonly number[])[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Distance in OKLab times 100, as someone with this sight sees the two colours. */
function difference(first: string, second: string, sight: string): number {
  const [a, b] = [first, second].map((colour) => {
    const linear = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
    });
    const seen = sights[sight].map((row) => row.reduce((sum, weight, i) => sum + weight * linear[i], 0));
    return oklab(seen.map((channel) => Math.min(1, Math.max(0, channel))));
  });
  return 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function oklab([r, g, b]: readonly number[]): readonly number[] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
