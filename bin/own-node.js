import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `npm start` puts a Node, below the root, if the one at hand is too old. */
export const placeOfOwnNode = `dist/own-node/${process.platform === 'win32' ? 'node.exe' : 'node'}`;
/** Where a clone keeps a Node of its own: with its tools, or by itself. */
const places = ['node_modules/node/bin/node', placeOfOwnNode];

/** Whether this Node is too old for the program. */
export const isOldNode = Number(process.versions.node.split('.', 1)[0]) < 22;

/** The Node that a clone brings; null when it has none, as an installed package. */
export function ownNode(root) {
  return places.map((place) => join(root, place)).find((file) => existsSync(file)) ?? null;
}
