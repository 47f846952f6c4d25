import type { VNode } from 'preact';

/** The key that does what a button does, drawn on it. Screen readers are told by `aria-keyshortcuts`. */
export function Key({ name }: { readonly name: string | number }): VNode {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing here takes the focus.
  return <kbd aria-hidden="true">{name}</kbd>;
}
