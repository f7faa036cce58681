import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a fake of the documented paths has seen. */
export interface FakeServer {
  readonly url: string;
  readonly seen: { runs: number; claimed: number; completed: number };
  close(): Promise<void>;
}

/**
 * Answers run, claim and complete as a server would, from memory: each run makes `jobsPerRun` jobs, and a claim that waits
 * is answered when there is one. `refuseAfter` completions it answers 409.
 */
export async function startFakeServer(jobsPerRun: number, refuseAfter = Number.POSITIVE_INFINITY): Promise<FakeServer> {
  const seen = { runs: 0, claimed: 0, completed: 0 };
  const ready: string[] = [];
  const parked: ((answer: string) => void)[] = [];

  const claim = (run: string): string => {
    seen.claimed += 1;
    return JSON.stringify({ job: { job_id: 'j', workflow_id: run }, lease: { lease_id: `lease-${seen.claimed}` } });
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const answer = (text: string, status = 200) => {
        const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
        // The head and the body arrive apart, as they may.
        response.writeHead(status, head).write(text.slice(0, 1));
        setImmediate(() => response.end(text.slice(1)));
      };
      const path = request.url ?? '';
      if (path.endsWith('/run')) {
        seen.runs += 1;
        const run = `run-${seen.runs}`;
        ready.push(...Array.from({ length: jobsPerRun }, () => run));
        answer(JSON.stringify({ run_id: run }), 202);
        while (parked.length > 0 && ready.length > 0) parked.shift()?.(claim(ready.shift() ?? ''));
        return;
      }
      if (path === '/api/jobs/claim') {
        const run = ready.shift();
        if (run !== undefined) answer(claim(run));
        else if ((JSON.parse(body) as { wait_secs?: number }).wait_secs === undefined) answer('null');
        else parked.push(answer);
        return;
      }
      if (seen.completed >= refuseAfter) return answer('{"code":"aborted"}', 409);
      seen.completed += 1;
      answer('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
