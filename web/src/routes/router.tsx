import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { basePath } from '../api/transport.js';
import { Failed } from '../parts/states.js';
import { readRunSearch } from '../url/run-search.js';
import { readRunsSearch } from '../url/runs-search.js';
import { parseSearch, stringifySearch } from '../url/search.js';
import { Frame } from './frame.js';
import { JobPage } from './job.js';
import { NoPage } from './no-page.js';
import { OverviewPage } from './overview.js';
import { QueuePage } from './queue.js';
import { RunPage } from './run.js';
import { RunsPage } from './runs.js';
import { SettingsPage } from './settings.js';
import { SignInPage } from './sign-in.js';
import { StartPage } from './start.js';
import { WorkerPage } from './worker.js';
import { WorkersPage } from './workers.js';
import { WorkflowPage } from './workflow.js';
import { WorkflowsPage } from './workflows.js';

const root = createRootRoute({ component: Frame, notFoundComponent: NoPage });
const under = { getParentRoute: () => root };

/** The compared runs, and the filters of the audit log. */
const readCompared = readTexts('a', 'b');
const readAudit = readTexts('action', 'subject');

const routeTree = root.addChildren([
  createRoute({ ...under, path: '/', component: OverviewPage }),
  createRoute({ ...under, path: '/runs', validateSearch: readRunsSearch, component: RunsPage }),
  createRoute({ ...under, path: '/runs/$run', validateSearch: readRunSearch, component: RunPage }),
  createRoute({ ...under, path: '/runs/$run/jobs/$job', validateSearch: readAttempt, component: JobPage }),
  createRoute({ ...under, path: '/workflows', validateSearch: readQuery, component: WorkflowsPage }),
  createRoute({
    ...under,
    path: '/workflows/new',
    component: lazyRouteComponent(() => import('./edit.js'), 'NewWorkflowPage'),
  }),
  createRoute({
    ...under,
    path: '/workflows/$id/edit',
    component: lazyRouteComponent(() => import('./edit.js'), 'EditWorkflowPage'),
  }),
  createRoute({ ...under, path: '/workflows/$id', validateSearch: readTab, component: WorkflowPage }),
  createRoute({ ...under, path: '/workflows/$id/run', validateSearch: readFrom, component: StartPage }),
  createRoute({ ...under, path: '/queue', validateSearch: readSet, component: QueuePage }),
  createRoute({ ...under, path: '/workers/$id', component: WorkerPage }),
  createRoute({ ...under, path: '/workers', component: WorkersPage }),
  createRoute({
    ...under,
    path: '/compare',
    validateSearch: readCompared,
    component: lazyRouteComponent(() => import('./compare.js'), 'ComparePage'),
  }),
  createRoute({
    ...under,
    path: '/audit',
    validateSearch: readAudit,
    component: lazyRouteComponent(() => import('./audit.js'), 'AuditPage'),
  }),
  createRoute({
    ...under,
    path: '/tokens',
    component: lazyRouteComponent(() => import('./tokens.js'), 'TokensPage'),
  }),
  createRoute({ ...under, path: '/settings', component: SettingsPage }),
  createRoute({ ...under, path: '/sign-in', validateSearch: readNext, component: SignInPage }),
]);

export const router = createRouter({
  routeTree,
  basepath: basePath,
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} retry={reset} />,
  defaultPendingMinMs: 0,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function readAttempt(raw: Readonly<Record<string, unknown>>): { attempt?: number } {
  const attempt = Number(raw.attempt ?? Number.NaN);
  return Number.isInteger(attempt) && attempt >= 0 ? { attempt } : {};
}

function readQuery(raw: Readonly<Record<string, unknown>>): { q?: string } {
  return typeof raw.q === 'string' && raw.q !== '' ? { q: raw.q.slice(0, 200) } : {};
}

/** The selected view of a workflow; its runs by default. */
function readTab(raw: Readonly<Record<string, unknown>>): WorkflowSearch {
  if (raw.tab === 'jobs' || raw.tab === 'trend') return { tab: raw.tab };
  return raw.tab === 'definition' ? { tab: 'definition', ...readVersions(raw) } : {};
}

interface WorkflowSearch {
  readonly tab?: 'jobs' | 'trend' | 'definition';
  /** The shown version of the definition, and the one that it is compared with. */
  readonly version?: number;
  readonly compare?: number;
}

function readVersions(raw: Readonly<Record<string, unknown>>): Pick<WorkflowSearch, 'version' | 'compare'> {
  const number = (value: unknown) => {
    const version = Number(value ?? Number.NaN);
    return Number.isInteger(version) && version >= 1 && version < 2 ** 32 ? version : undefined;
  };
  const [version, compare] = [number(raw.version), number(raw.compare)];
  return { ...(version === undefined ? {} : { version }), ...(compare === undefined ? {} : { compare }) };
}

/** The run whose inputs a new one starts with. */
function readFrom(raw: Readonly<Record<string, unknown>>): { from?: string } {
  return typeof raw.from === 'string' && raw.from !== '' ? { from: raw.from.slice(0, 200) } : {};
}

/** The label set whose jobs are shown. */
function readSet(raw: Readonly<Record<string, unknown>>): { set?: number } {
  const set = Number(raw.set ?? Number.NaN);
  return Number.isInteger(set) && set >= 0 && set < 2 ** 32 ? { set } : {};
}

/** Reads parameters that are texts. */
function readTexts<Name extends string>(...names: readonly Name[]) {
  return (raw: Readonly<Record<string, unknown>>): { [name in Name]?: string } => {
    const texts: { [name in Name]?: string } = {};
    for (const name of names) {
      const value = raw[name];
      if (typeof value === 'string' && value !== '') texts[name] = value.slice(0, 200);
    }
    return texts;
  };
}

/** Only paths of this page: an address must not redirect its reader elsewhere. */
function readNext(raw: Readonly<Record<string, unknown>>): { next?: string } {
  return typeof raw.next === 'string' && /^\/(?![/\\])/.test(raw.next) ? { next: raw.next } : {};
}
