import { InputError, shown } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';

/** Limits against archives made to exhaust memory. */
const limits = { packed: 1 << 30, member: 1 << 29, total: 2 ** 31, members: 10_000, ratio: 1000 };

/**
 * A zip archive of files of any known format, such as doccano's export. Members are read in order of
 * name; their names are only used as names, nothing is unpacked to disk.
 *
 * @throws {InputError} invalid-zip, zip-too-big, invalid-name
 */
export const zip: Format = {
  id: 'zip',
  title: 'Zip archive',
  summary: 'Any of the other formats in a zip, one or several files.',
  extensions: ['zip'],
  kinds: ['zip'],
  carries: {},
  wholeFile: true,
  detect: (head: FileHead): Detection =>
    head.kind === 'zip' ? { confidence: 1, reason: 'it begins as a zip archive' } : no,
  read,
};

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const bytes = await reader.all(limits.packed);
  const { unzipSync } = await import('fflate');
  let total = 0;
  let count = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        checkName(head.name, name);
        if (name.endsWith('/') || /(^|\/)(__MACOSX\/|\.[^./])/.test(name)) return false;
        total += originalSize;
        if (
          ++count > limits.members ||
          originalSize > limits.member ||
          total > limits.total ||
          originalSize > Math.max(size, 1024) * limits.ratio
        ) {
          throw tooBig(head.name, name, originalSize);
        }
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const hint = 'copy or export the archive again';
    throw new InputError(`invalid zip ${head.name}: ${(cause as Error).message}; ${hint}`, {
      code: 'invalid-zip',
      path: head.name,
      hint,
      cause,
    });
  }
  const names = Object.keys(files).sort((a, b) => (a < b ? -1 : 1));
  if (names.length === 0) {
    const hint = 'give an archive with at least one file';
    throw new InputError(`missing files in ${head.name}: the archive is empty; ${hint}`, {
      code: 'empty-file',
      path: head.name,
      hint,
    });
  }
  for (const name of names) {
    if (/\.zip$/i.test(name)) {
      const hint = 'unpack the inner archive first';
      throw new InputError(`invalid member ${shown(name)} of ${head.name}: an archive in an archive; ${hint}`, {
        code: 'invalid-zip',
        path: head.name,
        got: name,
        hint,
      });
    }
    await sink.readMember({ name: `${head.name}/${name}`, bytes: [files[name]] });
    delete files[name];
  }
}

/** Names that leave the archive are never honest. */
function checkName(file: string, name: string): void {
  const leaves =
    name.startsWith('/') ||
    /^[a-z]:/i.test(name) ||
    name.includes('\\') ||
    name.includes('\0') ||
    name.split('/').includes('..');
  if (!leaves) return;
  const hint = 'this archive was not made by an annotation tool; do not trust it';
  throw new InputError(`invalid name ${shown(name)} in ${file}: it points outside the archive; ${hint}`, {
    code: 'invalid-name',
    path: file,
    got: name,
    hint,
  });
}

function tooBig(file: string, name: string, size: number): InputError {
  const hint = 'unpack it yourself if you trust it, and give the files';
  return new InputError(
    `invalid archive ${file}: ${shown(name)} unpacks to ${size} bytes, more than is safe; ${hint}`,
    {
      code: 'zip-too-big',
      path: file,
      got: name,
      hint,
    },
  );
}
