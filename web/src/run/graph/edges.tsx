import type { FoldedGraph } from '../../graph/fold.js';
import type { Place } from '../../graph/place.js';
import styles from './graph.module.css';

/** The size of a node, and the space between nodes. */
const card = { width: 180, height: 48, gapX: 48, gapY: 14 };

/** The size of a graph whose nodes have these places. */
export function sizeOf(places: readonly Place[], routes: readonly (readonly Place[])[]) {
  const width = (Math.max(0, ...places.map(({ column }) => column)) + 1) * (card.width + card.gapX) - card.gapX;
  const lowest = Math.max(0, ...places.map(({ row }) => row), ...routes.flat().map(({ row }) => row));
  return { width, height: (lowest + 1) * (card.height + card.gapY) - card.gapY };
}

/** The CSS transform that moves a node to its place. */
export function moveTo(place: Place | undefined): string {
  return `translate(${left(place)}px, ${top(place)}px)`;
}

/** The lines between nodes; those of the node under the pointer are strong. */
export function Edges({
  graph,
  routes,
  near,
  width,
  height,
}: {
  graph: FoldedGraph;
  routes: readonly (readonly Place[])[];
  near: number | null;
  width: number;
  height: number;
}) {
  return (
    <svg className={styles.edges} width={width} height={height} aria-hidden="true">
      {graph.edges.map(({ from, to }, n) => (
        <path
          key={`${from}-${to}`}
          d={pathOf(routes[n] ?? [])}
          className={near === null ? styles.edge : from === near || to === near ? styles.strong : styles.dim}
        />
      ))}
    </svg>
  );
}

/** From the right of a card through the free places to the left of another. */
function pathOf(route: readonly Place[]): string {
  let path = '';
  for (let at = 1; at < route.length; at++) {
    const [from, to] = [route[at - 1], route[at]];
    const x1 = left(from) + card.width;
    const y1 = top(from) + card.height / 2;
    const x2 = left(to);
    const y2 = top(to) + card.height / 2;
    const bend = (x2 - x1) / 2;
    // Through a free place in a straight line as wide as a card.
    if (at > 1) path += `H${x1}`;
    else path = `M${x1} ${y1}`;
    path += `C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  return path;
}

function left(place: Place | undefined): number {
  return (place?.column ?? 0) * (card.width + card.gapX);
}

function top(place: Place | undefined): number {
  return (place?.row ?? 0) * (card.height + card.gapY);
}
