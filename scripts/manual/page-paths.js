import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The menu: its groups, and the pages of each in reading order. */
export const menu = [
  { text: 'Start', pages: ['README.md', 'docs/guide.md', 'docs/from-github-actions.md', 'docs/page.md'] },
  {
    text: 'Workflows',
    pages: ['workflow-files', 'conditions', 'concurrency', 'schedules', 'variables', 'limits'].map(docs),
  },
  {
    text: 'Operation',
    pages: [...['postgres', 'observability', 'reverse-proxies', 'upgrading'].map(docs), 'SECURITY.md'],
  },
  {
    text: 'Reference',
    pages: [
      ...['cli', 'protocol', 'clients'].map(docs),
      ...['typescript', 'go', 'python', 'rust/worker-sdk'].map((client) => `clients/${client}/README.md`),
    ],
  },
  { text: 'Project', pages: ['docs/reliability.md', 'docs/benchmarks.md', 'CHANGELOG.md'] },
];

/** Every page of the manual: its source, and its file in the manual. */
export function pagePaths() {
  return new Map(menu.flatMap(({ pages }) => pages.map((source) => [source, pathOf(source)])));
}

function pathOf(source) {
  if (source === 'README.md') return 'index.md';
  const client = /^clients\/([a-z]+)\/.*README\.md$/.exec(source)?.[1];
  return client === undefined ? source.replace(/^docs\//, '').toLowerCase() : `client-${client}.md`;
}

function docs(name) {
  return `docs/${name}.md`;
}
