import type { FoldedGraph } from './fold.js';

/** The position of a node in the graph, in columns and rows. */
export interface Place {
  readonly column: number;
  readonly row: number;
}

export interface Placed {
  /** For each node. */
  readonly places: readonly Place[];
  /** For each edge: its start, the free places that it passes in the columns between, and its end. */
  readonly routes: readonly (readonly Place[])[];
}

const sweeps = 6;

/**
 * A column for each rank, with the nodes in an order that crosses few edges: each sweep sorts a column by the mean
 * position of its neighbours. An edge over several columns takes a place in each of them, so that it passes between
 * nodes and not below them. Time is linear in the edges, so a graph of `maxNodes` nodes is always fast.
 */
export function placeNodes({ nodes, edges }: FoldedGraph): Placed {
  const ranks = [...new Set(nodes.map(({ rank }) => rank))].sort((a, b) => a - b);
  const columnOfRank = new Map(ranks.map((rank, column) => [rank, column]));
  const columnOf = nodes.map(({ rank }) => columnOfRank.get(rank) ?? 0);
  const columns: number[][] = ranks.map(() => []);
  columnOf.forEach((column, node) => {
    columns[column]?.push(node);
  });
  const before: number[][] = nodes.map(() => []);
  const after: number[][] = nodes.map(() => []);
  const routes = edges.map(({ from, to }) => {
    const route = [from];
    for (let column = (columnOf[from] ?? 0) + 1; column < (columnOf[to] ?? 0); column++) {
      route.push(columnOf.length);
      columns[column]?.push(columnOf.length);
      columnOf.push(column);
      before.push([]);
      after.push([]);
    }
    route.push(to);
    for (let at = 1; at < route.length; at++) {
      before[route[at] ?? 0]?.push(route[at - 1] ?? 0);
      after[route[at - 1] ?? 0]?.push(route[at] ?? 0);
    }
    return route;
  });
  const rows = rowsOf(columns, before, after, columnOf.length);
  const top = Math.min(0, ...rows);
  const place = (at: number): Place => ({ column: columnOf[at] ?? 0, row: (rows[at] ?? 0) - top });
  return { places: nodes.map((_, node) => place(node)), routes: routes.map((route) => route.map(place)) };
}

function rowsOf(
  columns: readonly number[][],
  before: readonly (readonly number[])[],
  after: readonly (readonly number[])[],
  count: number,
): Float64Array {
  const rows = new Float64Array(count);
  const centre = (column: readonly number[]) => {
    for (const [row, at] of column.entries()) rows[at] = row - (column.length - 1) / 2;
  };
  for (const column of columns) centre(column);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const neighbours = sweep % 2 === 0 ? before : after;
    for (const column of sweep % 2 === 0 ? columns : [...columns].reverse()) {
      const wish = new Map(column.map((at) => [at, mean(neighbours[at] ?? [], rows, rows[at] ?? 0)]));
      column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a - b);
      centre(column);
    }
  }
  return rows;
}

function mean(neighbours: readonly number[], rows: Float64Array, own: number): number {
  if (neighbours.length === 0) return own;
  return neighbours.reduce((sum, at) => sum + (rows[at] ?? 0), 0) / neighbours.length;
}
