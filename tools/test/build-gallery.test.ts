import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { galleryFiles } from '../build-gallery.ts';

describe('the gallery of figures', () => {
  it.each([...galleryFiles()])('%s is as the tool writes it', (path, content) => {
    expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')).toBe(content);
  });
});
