import { WatchLevel } from '../../gen/workflowgraph/v1/runs_pb.js';
import { workflows } from '../api/transport.js';
import type { HubServer } from './hub.js';

export const hubServer: HubServer = {
  watchJobs: (ids, afterEvent, signal) =>
    workflows.watchRuns({ ids: [...ids], afterEvent, heartbeats: true }, { signal }),
  watchLists: (afterEvent, signal) =>
    workflows.watchRuns({ level: WatchLevel.RUNS, afterEvent, heartbeats: true }, { signal }),
};
