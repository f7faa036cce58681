import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a clone keeps a Node of its own: with its tools, or by itself where the Node at hand is too old. */
const places = ['node_modules/node/bin/node', 'scripts/own-node/node_modules/node/bin/node'];

/** Whether this Node is too old for the program. */
export const isOldNode = Number(process.versions.node.split('.', 1)[0]) < 22;

/** The Node that a clone brings; null when it has none, as an installed package. */
export function ownNode(root) {
  return places.map((place) => join(root, place)).find((file) => existsSync(file)) ?? null;
}
