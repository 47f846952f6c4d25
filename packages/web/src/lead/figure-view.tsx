import { type Figure, renderFigure } from '@assay/figures';
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

const windowWidth = signal(innerWidth);
addEventListener('resize', () => {
  windowWidth.value = innerWidth;
});

/** How wide a drawing may be here, so that its words are as large on a phone as on a desk. */
export function widthWithin(most: number): number {
  return Math.max(240, Math.min(most, windowWidth.value - 16));
}

/** A drawing of `@assay/figures`, in the page's colours. It escapes what it is given. */
export function FigureView({ figure }: { readonly figure: Figure }): VNode {
  const place = useRef<HTMLElement>(null);
  const drawn = renderFigure(figure, { standalone: false });
  useLayoutEffect(() => {
    if (place.current !== null) place.current.innerHTML = drawn;
  }, [drawn]);
  return <figure ref={place} />;
}
