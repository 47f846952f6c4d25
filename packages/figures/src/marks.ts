import { element, type Markup, path } from './svg.ts';
import { paint, type Role, seriesRoles } from './theme.ts';

/** The shape of a point. Series differ by shape as well as by colour. */
export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'down';

export const markers: readonly Marker[] = ['circle', 'square', 'triangle', 'diamond', 'cross', 'down'];

const dashes: readonly (string | undefined)[] = [undefined, '7 3', '2 3', '9 3 2 3', '12 4', '4 2 1 2 1 2'];

/** How the series with this number, from 0, looks: colour, marker and dash together tell it apart. */
export interface SeriesLook {
  readonly role: Role;
  readonly marker: Marker;
  readonly dash: string | undefined;
}

/** From the seventh series on, colours come back with another marker and dash. */
export function seriesLook(index: number): SeriesLook {
  const round = Math.floor(index / seriesRoles.length);
  const shifted = (index + round) % markers.length;
  return { role: seriesRoles[index % seriesRoles.length], marker: markers[shifted], dash: dashes[shifted] };
}

/** Path data of a marker of about the same area for every shape; `size` is the radius of the circle. */
export function markerPath(marker: Marker, x: number, y: number, size: number): string {
  switch (marker) {
    case 'circle':
      return `${path('M', x - size, y, 'a', size, size)} 0 1 0 ${path(2 * size, 0, 'a', size, size)} 0 1 0 ${path(-2 * size, 0)}z`;
    case 'square': {
      const half = size * 0.89;
      return `${path('M', x - half, y - half, 'h', 2 * half, 'v', 2 * half, 'h', -2 * half)}z`;
    }
    case 'triangle':
      return `${path('M', x, y - size * 1.3, 'L', x + size * 1.2, y + size * 0.9, 'L', x - size * 1.2, y + size * 0.9)}z`;
    case 'down':
      return `${path('M', x, y + size * 1.3, 'L', x - size * 1.2, y - size * 0.9, 'L', x + size * 1.2, y - size * 0.9)}z`;
    case 'diamond': {
      const half = size * 1.28;
      return `${path('M', x, y - half, 'L', x + half, y, 'L', x, y + half, 'L', x - half, y)}z`;
    }
    case 'cross': {
      const far = size * 1.15;
      const near = far - size * 0.62;
      const w = size * 0.62;
      return `${path(
        ...(['M', x, y - near, 'L', x + far - w, y - far, 'L', x + far, y - far + w, 'L', x + near, y] as const),
        ...([
          'L',
          x + far,
          y + far - w,
          'L',
          x + far - w,
          y + far,
          'L',
          x,
          y + near,
          'L',
          x - far + w,
          y + far,
        ] as const),
        ...([
          'L',
          x - far,
          y + far - w,
          'L',
          x - near,
          y,
          'L',
          x - far,
          y - far + w,
          'L',
          x - far + w,
          y - far,
        ] as const),
      )}z`;
    }
  }
}

/** One marker with a thin edge of the surface colour that keeps overlapping points apart; hollow if so asked. */
export function marker(look: SeriesLook, x: number, y: number, size: number, hollow = false): Markup {
  const colours = hollow
    ? paint({ fill: 'surface', stroke: look.role })
    : paint({ fill: look.role, stroke: 'surface' });
  return element('path', { ...colours, 'stroke-width': hollow ? 1.6 : 1, d: markerPath(look.marker, x, y, size) });
}

/** A horizontal or vertical interval with short ends. */
export function whisker(role: Role, from: readonly [number, number], to: readonly [number, number], end = 3): Markup {
  const [x1, y1] = from;
  const [x2, y2] = to;
  const ends =
    y1 === y2
      ? path('M', x1, y1 - end, 'v', 2 * end, 'M', x2, y1 - end, 'v', 2 * end)
      : path('M', x1 - end, y1, 'h', 2 * end, 'M', x1 - end, y2, 'h', 2 * end);
  return element('path', {
    ...paint({ fill: 'none', stroke: role }),
    'stroke-width': 1.5,
    d: `${path('M', x1, y1, 'L', x2, y2)}${ends}`,
  });
}
