import type { Workflow } from '#client';
import { escapeLine } from '../../telemetry/escape-controls.js';
import { stdoutPaint } from '../print.js';
import { LiveRegion } from '../terminal/live-region.js';
import { jobPrefix } from './job-prefix.js';
import { JobTree } from './job-tree.js';
import { LastLines } from './last-lines.js';
import { composeRun, drawRun, mostTelling, type Picture } from './live-frame.js';
import type { WithChildren } from './matrix-children.js';
import { pollRun } from './poll-run.js';
import { RunLogs } from './run-logs.js';
import { serverClock } from './server-clock.js';
import type { Watching } from './watch-run.js';

const frameMs = 100;

/** Draws the tree of a run again and again until it has ended; null when watching was stopped first. */
export async function watchLive(watching: Watching, withLogs: boolean): Promise<Workflow | null> {
  const { client, runId, signal } = watching;
  const region = new LiveRegion(process.stdout);
  const paint = stdoutPaint();
  const clock = serverClock();
  const lastLines = new LastLines(client, runId);
  const view: {
    seen: { readonly workflow: Workflow; readonly tree: JobTree; readonly matrices: WithChildren } | null;
    away: string | null;
  } = {
    seen: null,
    away: null,
  };
  let picture: Picture | null = null;
  let pictureRows = 0;
  let tick = 0;

  const logs = new RunLogs(client, runId, async (line) => {
    if (view.seen !== null) await region.printAbove(`${jobPrefix(view.seen.workflow)(line.jobId)}${line.text}\n`);
  });
  const draw = () => {
    if (view.seen === null) return;
    const note = watching.note() ?? view.away;
    const { columns, rows } = region;
    const lastLine = (jobId: string) => lastLines.of(jobId);
    if (picture?.workflow !== view.seen.workflow || rows !== pictureRows) {
      picture = composeRun(view.seen.workflow, view.seen.tree, rows, view.seen.matrices);
      pictureRows = rows;
    }
    region.draw(drawRun(picture, { nowMs: clock.now(), tick: tick++, columns, paint, lastLine, note }));
  };
  const timer = setInterval(draw, frameMs);
  process.stdout.on('resize', draw);
  try {
    for await (const look of pollRun(client, runId, signal)) {
      if (look.kind === 'away') {
        view.away = `The server is unavailable, retrying: ${escapeLine(look.message)}`;
        continue;
      }
      view.away = null;
      const { workflow } = look;
      clock.note(workflow);
      const { matrices } = look;
      view.seen = { workflow, tree: view.seen?.tree ?? new JobTree(workflow.jobs), matrices };
      if (withLogs) {
        // A job with a matrix has no log of its own.
        for (const { id, started_at, depends_on, children } of [...workflow.jobs, ...matrices.children]) {
          if (started_at !== null && children == null) logs.begin(id, depends_on);
        }
      }
      const running = [...workflow.jobs, ...matrices.children].filter(
        ({ status, children }) => status === 'running' && children == null,
      );
      lastLines.follow(mostTelling(running, Math.max(1, region.rows)));
    }
    if (signal.aborted || view.seen === null) return null;
    if (withLogs) await logs.completeAll();
    return view.seen.workflow;
  } finally {
    clearInterval(timer);
    process.stdout.off('resize', draw);
    draw();
    region.end();
    lastLines.stop();
    logs.stop();
  }
}
