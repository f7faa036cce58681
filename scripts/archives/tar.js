import { gzipSync } from 'node:zlib';

const blockBytes = 512;

/**
 * A gzipped tar archive of files, each `{ path, content }`, in the given order. The same files produce the same
 * archive.
 */
export function tarGz(files) {
  const blocks = files.flatMap(({ path, content }) => [header(path, content.length), content, padding(content.length)]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]), { level: 9 });
}

/** A ustar header: a regular file without an owner, from 1970. */
function header(path, size) {
  const { name, prefix } = split(path);
  const block = Buffer.alloc(blockBytes);
  const octal = (value, at, width) => block.write(value.toString(8).padStart(width, '0'), at, 'latin1');
  block.write(name, 0);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write('0', 156);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345);
  // The checksum is computed with blanks in its field.
  block.fill(' ', 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block.write('\0 ', 154, 'latin1');
  return block;
}

/** A path of more than 100 bytes has its folders in a separate field of at most 155 bytes. */
function split(path) {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw new Error(`${path} is too long for a tar archive`);
}

const padding = (size) => Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
