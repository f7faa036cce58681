import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { Client, Worker } from '@workflow-graph/client';
import { afterEach, describe, expect, it } from 'vitest';
import { LogService } from '../../gen/workflowgraph/v1/log_service_pb.js';
import { ownCertificate } from '../conformance/driver/certificate.js';
import { Api } from '../support/api.js';
import { startServerProcess } from '../support/server-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** The configurations that docs/reverse-proxies.md prints, run by the proxies themselves where they are installed. */
const page = readFileSync(join(import.meta.dirname, '../../docs/reverse-proxies.md'), 'utf8');

function printed(language: string, at = 0): string {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(
    ([, block]) => block ?? '',
  );
  const block = blocks[at];
  if (block === undefined) throw new Error(`docs/reverse-proxies.md has no block ${at} of ${language}`);
  return block;
}

interface Proxy {
  readonly program: string;
  /** Writes what to run, and returns its arguments. */
  configure(folder: string, at: { port: number; server: string; underPath: boolean }): readonly string[];
}

const { certFile, keyFile, authorityFile } = ownCertificate();

const nginx: Proxy = {
  program: 'nginx',
  configure(folder, { port, server, underPath }) {
    const inner = underPath
      ? `server {\nlisten 443 ssl http2;\n${tlsLines}\n${printed('nginx', 1)}\n}`
      : printed('nginx');
    const site = inner
      .replaceAll('127.0.0.1:3000', server)
      .replace('443', String(port))
      .replace('/etc/ssl/flows.pem', certFile)
      .replace('/etc/ssl/flows.key', keyFile);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    );
    const file = join(folder, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off;\nuser root;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${site}\n}\n`,
    );
    return ['-p', folder, '-c', file];
  },
};

const tlsLines = 'ssl_certificate /etc/ssl/flows.pem;\nssl_certificate_key /etc/ssl/flows.key;';

const caddy: Proxy = {
  program: 'caddy',
  configure(folder, { port, server, underPath }) {
    const [, handled = ''] = /Under a path: `(handle_path .*)`\./.exec(page) ?? [];
    // On one line in the text; Caddy wants a line for each directive.
    const lines = handled.replaceAll('{ ', '{\n').replaceAll(' }', '\n}');
    const site = underPath ? `flows.example.org {\n${lines}\n}` : printed('caddy');
    const file = join(folder, 'Caddyfile');
    writeFileSync(
      file,
      `{\nadmin off\nauto_https off\n}\n${site.replaceAll('127.0.0.1:3000', server).replace('flows.example.org {', `https://localhost:${port} {\ntls ${certFile} ${keyFile}`)}`,
    );
    return ['run', '--config', file, '--adapter', 'caddyfile'];
  },
};

const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGTERM');
});

async function start(proxy: Proxy, server: string, underPath: boolean): Promise<string> {
  const folder = temporaryFolder();
  const port = await freePort();
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder };
  const args = proxy.configure(folder, { port, server: new URL(server).host, underPath });
  const child = spawn(proxy.program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const url = `https://localhost:${port}${underPath ? '/flows' : ''}`;
  const answers = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(`${proxy.program} passes calls on`, answers, { describe: () => output });
  return url;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Reads the first chunk of a job's log while the job runs: a proxy that buffers would never show it. */
async function firstChunk(transport: Transport, run: string): Promise<string> {
  const logs = createClient(LogService, transport);
  for await (const { chunks } of logs.followJobLogs({ id: run, jobId: 'a' })) {
    if (chunks[0] !== undefined) return chunks[0].data;
  }
  return '';
}

async function firstEvent(url: string, run: string): Promise<string> {
  const hangUp = new AbortController();
  const response = await fetch(`${url}/api/workflows/${run}/jobs/a/logs/stream`, { signal: hangUp.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!/\ndata: .*\n/.test(text)) text += (await reader?.read())?.value ?? '';
  hangUp.abort();
  return text;
}

/** A job that has printed a line and runs. */
async function runningJob(api: Api): Promise<{ run: string; lease: string }> {
  const run = await api.run(await api.define({ name: 'live', jobs: { a: { run: 'x' } } }));
  const claim = await api.claim('w', { ttlSecs: 600 });
  const lease = claim?.lease.lease_id ?? '';
  const chunk = { workflow_id: run, job_id: 'a', sequence: 0, data: 'first\n', timestamp_ms: 1, stream: 'stdout' };
  expect((await api.post(`/api/jobs/${lease}/logs`, { chunks: [chunk] })).status).toBe(200);
  return { run, lease };
}

describe.each([nginx, caddy])('$program, configured as the page says,', (proxy) => {
  const isThere = spawnSync('sh', ['-c', `command -v ${proxy.program}`]).status === 0;
  if (!isThere)
    console.warn(`NOT RUN, since ${proxy.program} is not installed: its configuration of docs/reverse-proxies.md`);

  it.runIf(isThere)('passes every protocol on, and streams as they come', async () => {
    const server = await startServerProcess();
    const url = await start(proxy, server.url, false);
    const api = new Api(url);
    const { run, lease } = await runningJob(api);

    expect(await firstEvent(url, run)).toContain('"data":"first\\n"');
    for (const httpVersion of ['1.1', '2'] as const) {
      expect(await firstChunk(createConnectTransport({ baseUrl: url, httpVersion }), run)).toBe('first\n');
      expect(await firstChunk(createGrpcWebTransport({ baseUrl: url, httpVersion }), run)).toBe('first\n');
    }
    expect(await firstChunk(createGrpcTransport({ baseUrl: url }), run)).toBe('first\n');
    expect((await api.post(`/api/jobs/${lease}/complete`, {})).status).toBe(200);

    // A worker over one gRPC stream, from claim to report.
    const ca = readFileSync(authorityFile, 'utf8');
    const executor = async () => ({ done: 'yes' });
    const worker = new Worker({ serverUrl: url, ca, transport: 'stream', executor, workerId: 'streaming' });
    const ended = worker.run();
    const streamed = await api.run(await api.define({ name: 'streamed', jobs: { b: { run: 'x' } } }));
    expect(await api.ended(streamed)).toMatchObject({ state: 'success' });
    await worker.stop();
    await ended;
  });

  it.runIf(isThere)('passes JSON, streams and pages on under a path', async () => {
    const server = await startServerProcess({ env: { BASE_PATH: '/flows/' } });
    const url = await start(proxy, server.url, true);
    const { run } = await runningJob(new Api(url));
    expect(await firstEvent(url, run)).toContain('"data":"first\\n"');
    expect(await firstChunk(createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1' }), run)).toBe('first\n');

    const page = await (await fetch(`${url}/`)).text();
    expect(page).toContain('<base href="/flows/">');
    const files = [...page.matchAll(/(?:href|src)="(\.\/[^"]+)"/g)].map(([, address]) => address ?? '');
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect((await fetch(new URL(file, `${url}/`))).status, file).toBe(200);

    const docs = await fetch(`${url}/docs`);
    expect([docs.status, docs.url]).toEqual([200, `${url}/docs`]);
    const addresses = [...(await docs.text()).matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address]) => address ?? '');
    const script = await (await fetch(new URL('docs/start.js', docs.url))).text();
    addresses.push(/url: '([^']+)'/.exec(script)?.[1] ?? '');
    expect(addresses.length).toBeGreaterThan(4);
    for (const address of addresses) expect((await fetch(new URL(address, docs.url))).status, address).toBe(200);

    const client = new Client({ serverUrl: url, ca: readFileSync(authorityFile, 'utf8') });
    expect((await client.status(run)).run_id).toBe(run);
  });
});
