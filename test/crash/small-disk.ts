import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { passOver } from './strace.js';

/** A separate disk for a test, which is unmounted with it. It needs the right to mount. */
export class SmallDisk {
  readonly folder: string;
  readonly #filler: string;

  constructor(context: TestContext, megabytes: number) {
    this.folder = mkdtempSync(join(tmpdir(), 'workflow-graph-disk-'));
    this.#filler = join(this.folder, 'filler');
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', this.folder]);
    onTestFinished(() => {
      spawnSync('umount', ['-l', this.folder]);
      rmSync(this.folder, { recursive: true, force: true });
    });
    if (mounted.status !== 0) passOver(context, 'right to mount a small disk');
  }

  /** Leaves no space at all. */
  fill(): void {
    const file = openSync(this.#filler, 'w');
    const block = Buffer.alloc(4096, 1);
    try {
      for (;;) writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler);
  }

  makeReadOnly(): void {
    const { status, stderr } = spawnSync('mount', ['-o', 'remount,ro', this.folder]);
    if (status !== 0) throw new Error(`remounting ${this.folder}: ${stderr.toString()}`);
  }
}
