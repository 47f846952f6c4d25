import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { PartProps } from './campaign.tsx';

const formats: readonly (readonly [id: string, title: string])[] = [
  ['csv', 'CSV'],
  ['tsv', 'TSV'],
  ['jsonl', 'JSON lines'],
  ['json', 'JSON'],
  ['parquet', 'Parquet'],
];

/** Results as files, at any time. */
export function Exports({ office }: PartProps): VNode {
  const format = useSignal('csv');
  return (
    <section aria-labelledby="exports">
      <h2 id="exports">Export</h2>
      <div class="row">
        <select
          aria-label="Format"
          value={format.value}
          onChange={(event) => {
            format.value = event.currentTarget.value;
          }}
        >
          {formats.map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
        {['labels', 'answers', 'workers'].map((what) => (
          <a key={what} class="button" download href={office.exportAddress(what, format.value)}>
            {what[0].toUpperCase() + what.slice(1)}
          </a>
        ))}
      </div>
    </section>
  );
}
