// What the single binary starts with: Node's form of a single executable (node:sea). It holds the installed package as an
// archive, because threads, the local worker and the native module of SQLite are files that Node opens. They are unpacked
// once for each version, below the user's cache.
'use strict';
const { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { getAsset, getRawAsset } = require('node:sea');
const { gunzipSync } = require('node:zlib');

const folder = unpacked();
const main = join(folder, 'node_modules/workflow-graph/dist/bundle/main.js');
// The program starts itself as it would start Node: with flags of Node and then the path of its main file.
const at = process.argv.indexOf(main);
if (at !== -1 && process.argv.slice(2, at).every((flag) => process.execArgv.includes(flag)))
  process.argv.splice(1, at - 1);
process.argv[1] = main;
createRequire(main)(join(folder, 'start.cjs'));

function unpacked() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const parent = join(cache, 'workflow-graph');
  const place = join(parent, getAsset('id', 'utf8'));
  try {
    if (isOwn(place)) return place;
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    // Whole or not at all: another process may be unpacking too.
    const made = mkdtempSync(`${place}-`);
    try {
      unpack(gunzipSync(Buffer.from(getRawAsset('package'))), made);
      renameSync(made, place);
    } catch (error) {
      rmSync(made, { recursive: true, force: true });
      if (!isOwn(place)) throw error;
    }
    return place;
  } catch (error) {
    process.stderr.write(
      `workflow-graph: cannot unpack itself into ${place}: ${error.message}. Set XDG_CACHE_HOME to a folder that this user can write.\n`,
    );
    process.exit(1);
  }
}

/** Whether the folder is there. Code that another user could have written is not run. */
function isOwn(place) {
  let stats;
  try {
    stats = lstatSync(place);
  } catch {
    return false;
  }
  const isOthers = process.getuid !== undefined && stats.uid !== process.getuid();
  if (isOthers || !stats.isDirectory() || (process.platform !== 'win32' && (stats.mode & 0o022) !== 0)) {
    throw new Error('other users can write there');
  }
  return true;
}

/** Reads what scripts/archives/tar.js writes. */
function unpack(archive, target) {
  const text = (at, length) => archive.toString('utf8', at, at + length).replace(/\0.*$/s, '');
  const made = new Set();
  for (let at = 0; archive[at] !== 0; ) {
    const prefix = text(at + 345, 155);
    const path = join(target, prefix, text(at, 100));
    const size = Number.parseInt(text(at + 124, 11), 8);
    if (!made.has(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    made.add(dirname(path));
    writeFileSync(path, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  chmodSync(target, 0o700);
}
