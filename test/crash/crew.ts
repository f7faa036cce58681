import { fileURLToPath } from 'node:url';
import type { OneServer } from '../support/one-server.js';
import { type RunningProgram, startProcess, startProgram } from '../support/program.js';
import type { Journal } from './journal.js';
import type { Random } from './random.js';
import { journalProcess } from './worker-journal.js';

type Kind = 'stream' | 'shell';

interface Member {
  readonly kind: Kind;
  readonly id: string;
  readonly program: RunningProgram;
}

/** The lease time of jobs held by a process of the crew, in seconds. */
export const crewLeaseSecs = 2;

const streamWorker = fileURLToPath(new URL('./stream-worker.ts', import.meta.url));

/** Worker processes of both kinds. A killed one is replaced by another of its kind. */
export class Crew {
  readonly #server: OneServer;
  readonly #journal: Journal;
  readonly #workdir: string;
  readonly #random: Random;
  #members: Member[] = [];
  #count = 0;

  constructor(server: OneServer, journal: Journal, workdir: string, random: Random) {
    this.#server = server;
    this.#journal = journal;
    this.#workdir = workdir;
    this.#random = random;
    for (const kind of ['stream', 'stream', 'shell', 'shell'] as const) this.#hire(kind);
  }

  /** Kills one or several of them, and starts replacements. */
  async kill(random: Random): Promise<void> {
    const fallen = this.#some(random);
    for (const { program } of fallen) program.signal('SIGKILL');
    for (const member of fallen) await this.#bury(member);
    for (const { kind } of fallen) this.#hire(kind);
  }

  /** Freezes some of them; the returned function resumes them. */
  freeze(random: Random): () => void {
    const frozen = this.#some(random);
    for (const { program } of frozen) program.signal('SIGSTOP');
    return () => {
      for (const { program } of frozen) program.signal('SIGCONT');
    };
  }

  /** Lets all of them finish their jobs and exit. */
  async dismiss(): Promise<void> {
    for (const { program } of this.#members) program.signal('SIGTERM');
    for (const member of [...this.#members]) await this.#bury(member);
  }

  #hire(kind: Kind): void {
    const id = `${kind}-${++this.#count}`;
    const lease = String(crewLeaseSecs);
    const seed = String(this.#random.within(0, 2 ** 32 - 1));
    const program =
      kind === 'stream'
        ? startProcess(process.execPath, [streamWorker, this.#server.url, id, lease, seed])
        : startProgram([
            ...['worker', '--server', this.#server.url, '--id', id, '--log-format', 'json', '--labels', 'shell'],
            ...['--slots', '2', '--lease-ttl', lease, '--grace', '1', '--workdir', this.#workdir],
            // One worker for each protocol.
            ...['--transport', this.#count % 2 === 0 ? 'http' : 'stream'],
          ]);
    this.#members.push({ kind, id, program });
  }

  async #bury(member: Member): Promise<void> {
    const { code, signal } = await member.program.ended;
    this.#members = this.#members.filter((other) => other !== member);
    const { id, kind, program } = member;
    if (signal !== 'SIGKILL' && code !== 0) {
      this.#journal.contradictions.push(`worker ${id} exited by itself with ${code ?? signal}: ${program.stderr}`);
    }
    journalProcess(this.#journal, id, kind, program.stdout);
  }

  #some(random: Random): Member[] {
    const first = random.pick(this.#members);
    return this.#members.filter((member) => member === first || random.chance(0.4));
  }
}
