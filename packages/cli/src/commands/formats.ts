import { formats } from '@assay/core/formats';
import { Command } from 'commander';
import { tableText } from '../output/table.ts';
import type { Shell } from '../shell.ts';

/** `assay formats`: what can be read and written. */
export function build(shell: Shell): Command {
  return new Command('formats').option('--json', 'print one JSON document').action((flags: { json?: boolean }) => {
    const list = formats.map(({ id, title, summary, extensions, carries }) => ({
      id,
      title,
      summary,
      extensions,
      carries,
    }));
    if (flags.json === true) shell.json({ schema: 1, formats: list });
    else
      shell.print(
        tableText(
          [{ title: 'format' }, { title: 'extensions' }, { title: 'what it is' }],
          list.map(({ id, extensions, summary }) => [id, extensions.join(' '), summary]),
        ),
      );
  });
}
