import { readdir, readFile } from 'node:fs/promises';
import { etagOf } from './etag.js';

/**
 * A file of the built page, with its compressed forms. Together they are a few hundred kilobytes, and kept in memory.
 */
export interface PageFile {
  /** Its address below the base path, such as `assets/main-B2x9.js`. */
  readonly path: string;
  readonly contentType: string;
  /** Whether its name changes with its content. */
  readonly isImmutable: boolean;
  readonly etag: string;
  readonly plain: Buffer;
  readonly brotli: Buffer | null;
  readonly gzip: Buffer | null;
}

export interface BuiltPage {
  readonly index: string;
  readonly files: readonly PageFile[];
}

/** By the end of a file's name; other files are not served. */
export const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
};

/** Reads the output of `npm run build:page`; null when there is none. */
export async function readBuiltPage(folder: URL): Promise<BuiltPage | null> {
  const names = await readdir(folder, { recursive: true }).catch(noFolder);
  if (!names.includes('index.html')) return null;
  const all = new Set(names.map((name) => name.replaceAll('\\', '/')));
  const read = (name: string) => readFile(new URL(name, folder));
  const files: PageFile[] = [];
  for (const path of [...all].sort()) {
    const contentType = contentTypes[path.slice(path.lastIndexOf('.') + 1)];
    if (contentType === undefined) continue;
    const plain = await read(path);
    files.push({
      path,
      contentType,
      isImmutable: path.startsWith('assets/'),
      etag: etagOf(plain),
      plain,
      brotli: all.has(`${path}.br`) ? await read(`${path}.br`) : null,
      gzip: all.has(`${path}.gz`) ? await read(`${path}.gz`) : null,
    });
  }
  return { index: await readFile(new URL('index.html', folder), 'utf8'), files };
}

function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
