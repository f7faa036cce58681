/** Starts a run, prints a job's log as it grows, and ends with the run's result. `node samples/run-and-wait.ts ci build` */
import { Client } from '@workflow-graph/client';

const [workflow = 'ci', job] = process.argv.slice(2);
const client = new Client({ serverUrl: process.env.SERVER_URL ?? 'http://localhost:3000' });

const runId = await client.runWorkflow(workflow);
console.log(`run ${runId}`);
if (job !== undefined) {
  for await (const chunk of client.followLogs(runId, job)) process.stdout.write(chunk.data);
}
const { state, jobs } = await client.wait(runId);
for (const { id, status } of jobs) console.log(`${status.padEnd(10)}${id}`);
client.close();
process.exitCode = state === 'success' ? 0 : 1;
