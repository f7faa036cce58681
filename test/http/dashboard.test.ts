import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ServerHere } from '../support/running-server.js';

let here: ServerHere;

beforeEach(async () => {
  here = await new ServerHere().start();
});

afterEach(() => here.end());

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

interface Alerts {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const dashboard = JSON.parse(readFileSync('deploy/grafana/workflow-graph.json', 'utf8')) as Dashboard;
const alerts = parse(readFileSync('deploy/prometheus/alerts.yml', 'utf8')) as Alerts;

const expressions = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr] as const),
  ),
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const)),
];

/** The metrics that Prometheus itself adds for a server: whether it answered, and the labels of its job. */
const ofPrometheus = { metrics: ['up'], labels: ['job'] };

/** The labels of each metric, by name, from a server that has done something of every kind. */
async function shown(): Promise<Map<string, Set<string>>> {
  const post = (path: string, body: unknown = {}) =>
    fetch(`${here.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  await here.define('jobs: { a: { run: x }, b: { run: x, labels: [gpu] } }');
  await post('/api/workflows/wf/run');
  const claim = await post('/api/jobs/claim', { worker_id: 'w', labels: [] });
  const { lease } = (await claim.json()) as { lease: { lease_id: string } };
  await post(`/api/jobs/${lease.lease_id}/complete`);
  await post('/api/workflows/wf/cancel');
  await post('/api/workflows/wf/run');
  const text = await (await fetch(`${here.url}/metrics`)).text();
  const found = new Map([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => [name, new Set<string>()]));
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]+)(?:\{([^}]*)\})? /gm)) {
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

describe('the dashboard and the alert rules', () => {
  it('query metrics and labels that the server has', async () => {
    const metrics = await shown();
    const wrong: string[] = [];
    for (const [where, expr] of expressions) {
      const names = [...expr.matchAll(/\b(?:workflow_graph|nodejs|process)_\w+|\bup\b/g)].map(([name]) => name);
      if (names.length === 0) wrong.push(`${where} queries no metric: ${expr}`);
      const labels = [...expr.matchAll(/\bby \(([^)]*)\)|(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].flatMap(([, by, one]) =>
        (by ?? one ?? '').split(',').map((label) => label.trim()),
      );
      for (const name of names) {
        const known = metrics.get(name);
        if (known === undefined && !ofPrometheus.metrics.includes(name))
          wrong.push(`${where}: metric ${name} does not exist`);
        for (const label of labels) {
          if (known?.has(label) || ofPrometheus.labels.includes(label)) continue;
          // A metric without samples shows no labels.
          if (known !== undefined && known.size === 0 && label === 'method') continue;
          wrong.push(`${where}: ${name} has no label ${label}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(expressions.length).toBeGreaterThan(20);
  });
});
