import type { VNode } from 'preact';

/** Text somebody wrote, in paragraphs, each in its own writing direction. */
export function Words({ text }: { readonly text: string }): VNode {
  return (
    <div class="words">
      {text.split(/\n{2,}/).map((paragraph, index) => (
        <p key={index} dir="auto">
          {paragraph}
        </p>
      ))}
    </div>
  );
}

/** `1 answer`, `2 answers`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
