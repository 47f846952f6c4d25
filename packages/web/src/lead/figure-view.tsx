import { type Figure, renderFigure } from '@assay/figures';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** A drawing of `@assay/figures`, in the page's colours. It escapes what it is given. */
export function FigureView({ figure }: { readonly figure: Figure }): VNode {
  const place = useRef<HTMLElement>(null);
  const drawn = renderFigure(figure, { standalone: false });
  useLayoutEffect(() => {
    if (place.current !== null) place.current.innerHTML = drawn;
  }, [drawn]);
  return <figure ref={place} />;
}
