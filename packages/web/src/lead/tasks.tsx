import type { ImportReceipt, TaskRole } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Failure, useAction } from './action.tsx';
import type { PartProps } from './campaign.tsx';
import { count } from './words.ts';

const roleWords: Readonly<Record<TaskRole, string>> = {
  task: 'Tasks to be answered',
  gold: 'Gold: answers known, mixed in silently',
  practice: 'Practice: answers known, explained',
};

/** Drop a file, read the receipt. Dropping it again changes nothing. */
export function Tasks({ office }: PartProps): VNode {
  const action = useAction();
  const role = useSignal<TaskRole>('task');
  const receipt = useSignal<{ readonly file: string; readonly counts: ImportReceipt } | undefined>(undefined);
  const isOver = useSignal(false);
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    receipt.value = undefined;
    void action.run(async () => {
      receipt.value = { file: file.name, counts: await office.importTasks(file, role.value) };
    });
  };
  return (
    <section aria-labelledby="tasks">
      <h2 id="tasks">Import tasks</h2>
      <label class="short">
        The file has
        <select
          value={role.value}
          onChange={(event) => {
            role.value = event.currentTarget.value as TaskRole;
          }}
        >
          {Object.entries(roleWords).map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label
        class={isOver.value ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => {
          isOver.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          take(event.dataTransfer?.files[0]);
        }}
      >
        <strong>{action.isBusy.value ? 'Importing…' : 'Drop a file here, or choose one'}</strong>
        <span class="muted">
          CSV, TSV, JSON, JSON lines, Parquet or a known export, with columns such as task, text, image, html, label,
          explanation
        </span>
        <input
          type="file"
          class="unseen"
          onChange={(event) => {
            take(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
      </label>
      <Failure action={action} />
      <div role="status">{receipt.value !== undefined && <Receipt {...receipt.value} />}</div>
    </section>
  );
}

function Receipt({ file, counts }: { readonly file: string; readonly counts: ImportReceipt }): VNode {
  const parts = [
    `${count(counts.new)} new`,
    counts.present > 0 && `${count(counts.present)} already here`,
    counts.changed > 0 && `${count(counts.changed)} changed`,
    counts.skipped > 0 && `${count(counts.skipped)} skipped`,
  ].filter((part) => part !== false);
  return (
    <div class="receipt">
      <p>
        <strong>{file}</strong>: {parts.join(', ')}.
      </p>
      {counts.notes.length > 0 && (
        <ul>
          {counts.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
