import { type GraphJob, ranksOf } from './ranks.js';

/** A node of the folded graph: one job, or several similar ones. */
export interface FoldedNode {
  /** `build`, or `test-* (48)` without its count. */
  readonly title: string;
  readonly rank: number;
  /** Positions of jobs, ascending. */
  readonly members: readonly number[];
}

export interface FoldedEdge {
  readonly from: number;
  readonly to: number;
}

export interface FoldedGraph {
  /** By rank, then by the first member. */
  readonly nodes: readonly FoldedNode[];
  /** Positions in `nodes`, each pair once. */
  readonly edges: readonly FoldedEdge[];
}

/** More nodes than this are unreadable. */
export const maxNodes = 150;

/**
 * Folds a graph until a person can read it. The result depends on the definition alone, so a graph looks alike in every run of
 * a version.
 *
 * 1. Jobs whose keys differ only in their digits or in a matrix suffix, with the same rank and labels, make one node.
 * 2. While more nodes than `max` remain, those of one rank with the same needs and dependants join.
 * 3. At last all of a rank join, the fullest ranks first.
 */
export function foldGraph(jobs: readonly GraphJob[], max = maxNodes): FoldedGraph {
  const ranks = ranksOf(jobs);
  const byRank = (job: number) => String(ranks[job] ?? 0);
  let groups = jobs.length <= 12 ? jobs.map((_, job) => [job]) : families(jobs, ranks);
  if (groups.length > max) groups = joinAlike(jobs, groups, byRank);
  if (groups.length > max) groups = joinRanks(groups, byRank, max);
  groups.sort((a, b) => (ranks[a[0] ?? 0] ?? 0) - (ranks[b[0] ?? 0] ?? 0) || (a[0] ?? 0) - (b[0] ?? 0));
  const nodes = groups.map((members) => ({
    title: titleOf(members.map((job) => jobs[job]?.id ?? '')),
    rank: ranks[members[0] ?? 0] ?? 0,
    members,
  }));
  return { nodes, edges: edgesBetween(jobs, groups) };
}

/** The key with each run of digits, and each matrix suffix in brackets, as a star. */
export function familyOf(key: string): string {
  return key.replace(/\([^()]*\)|\[[^[\]]*\]/g, '*').replace(/\d+/g, '*');
}

function families(jobs: readonly GraphJob[], ranks: Uint32Array): number[][] {
  return grouped(jobs.length, (job) => {
    const { id = '', labels = [] } = jobs[job] ?? {};
    return `${ranks[job]}\n${familyOf(id)}\n${[...labels].sort().join('\n')}`;
  });
}

/** Joins groups of one rank that have the same needs and dependents. */
function joinAlike(jobs: readonly GraphJob[], groups: number[][], byRank: (job: number) => string): number[][] {
  const groupOf = groupsOf(groups, jobs.length);
  const needs = groups.map(
    (members) => new Set(members.flatMap((job) => jobs[job]?.needs.map((need) => groupOf[need]) ?? [])),
  );
  const needed = groups.map(() => new Set<number>());
  needs.forEach((of, group) => {
    for (const need of of) if (need !== undefined) needed[need]?.add(group);
  });
  const text = (set: ReadonlySet<number | undefined>) => [...set].sort((a, b) => (a ?? 0) - (b ?? 0)).join(',');
  const joined = grouped(groups.length, (group) => {
    const first = groups[group]?.[0] ?? 0;
    return `${byRank(first)}|${text(needs[group] ?? new Set())}|${text(needed[group] ?? new Set())}`;
  });
  return joined.map((of) => of.flatMap((group) => groups[group] ?? []).sort((a, b) => a - b));
}

function joinRanks(groups: number[][], byRank: (job: number) => string, max: number): number[][] {
  const ranks = new Map<string, number[][]>();
  for (const group of groups) {
    const rank = byRank(group[0] ?? 0);
    ranks.set(rank, [...(ranks.get(rank) ?? []), group]);
  }
  let count = groups.length;
  const fullest = [...ranks.keys()].sort((a, b) => (ranks.get(b)?.length ?? 0) - (ranks.get(a)?.length ?? 0));
  for (const rank of fullest) {
    const of = ranks.get(rank) ?? [];
    if (count <= max || of.length < 2) break;
    count -= of.length - 1;
    ranks.set(rank, [of.flat().sort((a, b) => a - b)]);
  }
  return [...ranks.values()].flat();
}

function edgesBetween(jobs: readonly GraphJob[], groups: readonly (readonly number[])[]): FoldedEdge[] {
  const groupOf = groupsOf(groups, jobs.length);
  const seen = new Set<number>();
  const edges: FoldedEdge[] = [];
  jobs.forEach(({ needs }, job) => {
    for (const need of needs) {
      const from = groupOf[need] ?? 0;
      const to = groupOf[job] ?? 0;
      const pair = from * groups.length + to;
      if (from === to || seen.has(pair)) continue;
      seen.add(pair);
      edges.push({ from, to });
    }
  });
  return edges;
}

function groupsOf(groups: readonly (readonly number[])[], jobs: number): Uint32Array {
  const groupOf = new Uint32Array(jobs);
  groups.forEach((members, group) => {
    for (const job of members) groupOf[job] = group;
  });
  return groupOf;
}

function grouped(count: number, keyOf: (n: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (let n = 0; n < count; n++) {
    const key = keyOf(n);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [n]);
    else group.push(n);
  }
  return [...groups.values()];
}

function titleOf(keys: readonly string[]): string {
  const [first = ''] = keys;
  if (keys.length === 1) return first;
  const family = familyOf(first);
  return keys.every((key) => familyOf(key) === family) ? family : `${first} and others`;
}
