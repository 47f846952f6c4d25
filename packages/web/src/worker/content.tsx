import type { Content } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** What a task shows: text, a picture, HTML, named fields, in this order. */
export function ContentView({ content }: { readonly content: Content }): VNode {
  const { text, image, html, fields = {} } = content;
  const named = Object.entries(fields);
  return (
    <div class="content">
      {image !== undefined && <Picture key={image} address={image} />}
      {text !== undefined && (
        <p class="text" dir="auto">
          {text}
        </p>
      )}
      {html !== undefined && <Html key={html} html={html} />}
      {named.length > 0 && (
        <dl>
          {named.map(([field, value]) => (
            <div key={field}>
              <dt dir="auto">{field}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** A picture that fits the screen; a tap shows it in full width. */
function Picture({ address }: { readonly address: string }): VNode {
  const isLarge = useSignal(false);
  const isBroken = useSignal(false);
  if (isBroken.value) return <p class="muted">The picture cannot be loaded. You can skip this task.</p>;
  return (
    <button
      type="button"
      class={isLarge.value ? 'picture large' : 'picture'}
      aria-pressed={isLarge.value}
      aria-label="Enlarge the picture"
      onClick={() => {
        isLarge.value = !isLarge.value;
      }}
    >
      <img
        src={address}
        alt=""
        draggable={false}
        onError={() => {
          isBroken.value = true;
        }}
      />
    </button>
  );
}

/** The server cleaned this HTML when it was imported; where the browser can, it is cleaned once more. */
function Html({ html }: { readonly html: string }): VNode {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = place.current as HTMLDivElement & { setHTML?(html: string): void };
    if (element.setHTML) element.setHTML(html);
    else element.innerHTML = html;
  }, [html]);
  return <div class="html" dir="auto" ref={place} />;
}
