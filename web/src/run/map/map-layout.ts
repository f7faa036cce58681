export interface MapLayout {
  readonly width: number;
  readonly height: number;
  /** A cell with the gap to the next. */
  readonly size: number;
  readonly gap: number;
  /** The corner of each job's cell. */
  readonly cells: readonly (readonly [x: number, y: number])[];
}

const sizes = [20, 18, 16, 14, 12, 10, 8, 6, 5, 4, 3];
const columnGap = 10;
const maxHeight = 132;

/**
 * Cells in columns by rank, each column as wide as its rank needs at the height of the map. The largest cells that fit
 * are used; if even the smallest do not fit the width, the map grows in height.
 */
export function mapLayout(ranks: Uint32Array, width: number): MapLayout {
  const counts: number[] = [];
  for (const rank of ranks) counts[rank] = (counts[rank] ?? 0) + 1;
  const ofRanks = Array.from(counts, (count) => count ?? 0);
  const fits = (size: number, height: number) => {
    const rows = Math.max(1, Math.floor(height / size));
    const columns = ofRanks.reduce((sum, count) => sum + Math.ceil(count / rows), 0);
    return columns * size + (ofRanks.length - 1) * gapFor(ofRanks.length, width) <= width;
  };
  let height = maxHeight;
  let size = sizes.find((one) => fits(one, height));
  while (size === undefined && height < 4_000) {
    height += 60;
    size = fits(3, height) ? 3 : undefined;
  }
  return place(ranks, ofRanks, size ?? 3, height, width);
}

function place(ranks: Uint32Array, counts: readonly number[], size: number, height: number, width: number): MapLayout {
  const rows = Math.max(1, Math.min(Math.floor(height / size), Math.max(1, ...counts)));
  const starts: number[] = [];
  let x = 0;
  for (const count of counts) {
    starts.push(x);
    x += Math.ceil(count / rows) * size + gapFor(counts.length, width);
  }
  const seen = counts.map(() => 0);
  const cells = Array.from(ranks, (rank) => {
    const n = seen[rank] ?? 0;
    seen[rank] = n + 1;
    return [(starts[rank] ?? 0) + Math.floor(n / rows) * size, (n % rows) * size] as const;
  });
  return { width, height: rows * size, size, gap: size > 5 ? 2 : 1, cells };
}

/** Many ranks are placed closer together. */
function gapFor(ranks: number, width: number): number {
  return Math.min(columnGap, Math.max(1, (width * 0.2) / Math.max(1, ranks)));
}

/** The job whose cell contains a point; null for none. */
export function cellAt({ cells, size }: MapLayout, x: number, y: number): number | null {
  const at = cells.findIndex(([left, top]) => x >= left && x < left + size && y >= top && y < top + size);
  return at === -1 ? null : at;
}
