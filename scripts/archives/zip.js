import { crc32, deflateRawSync } from 'node:zlib';

/** The earliest time that the format can hold, so that the same files produce the same archive: 1980-01-01 00:00. */
const date = (1 << 5) | 1;
/** Names are UTF-8. */
const flags = 0x0800;
const version = 20;

/** A ZIP archive of files, each `{ path, content }`, in the given order. */
export function zip(files) {
  const locals = [];
  const entries = [];
  let offset = 0;
  for (const { path, content } of files) {
    const name = Buffer.from(path);
    const deflated = deflateRawSync(content, { level: 9 });
    const isSmaller = deflated.length < content.length;
    const stored = isSmaller ? deflated : content;
    // The fields shared by the header of a file and its directory entry.
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(version, 0);
    facts.writeUInt16LE(flags, 2);
    facts.writeUInt16LE(isSmaller ? 8 : 0, 4);
    facts.writeUInt16LE(date, 8);
    facts.writeUInt32LE(crc32(content), 10);
    facts.writeUInt32LE(stored.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const local = [Buffer.from('PK\x03\x04'), facts, name, stored];
    locals.push(...local);
    entries.push(Buffer.from('PK\x01\x02'), madeBy(), facts, attributes(offset), name);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const directory = Buffer.concat(entries);
  return Buffer.concat([...locals, directory, endOf(files.length, directory.length, offset)]);
}

/** Unix, which defines the meaning of the file attributes. */
function madeBy() {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE((3 << 8) | version);
  return bytes;
}

/** A regular file that its owner may write, and the offset of its header. */
function attributes(offset) {
  const bytes = Buffer.alloc(14);
  bytes.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  bytes.writeUInt32LE(offset, 10);
  return bytes;
}

function endOf(count, size, offset) {
  const bytes = Buffer.alloc(22);
  bytes.write('PK\x05\x06', 'latin1');
  bytes.writeUInt16LE(count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(size, 12);
  bytes.writeUInt32LE(offset, 16);
  return bytes;
}
