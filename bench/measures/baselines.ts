import { figure } from '../figures.js';
import type { Measure } from '../measure.js';
import { noopRate } from './noop-rate.js';

export const baselines: Measure = {
  name: 'baselines',
  title: 'What this machine does without the server',
  async run({ seconds, bareLivesPerSec }) {
    const noop = await noopRate(seconds);
    const sqlite = [1, 10, 50, 200].map((operations) =>
      figure(`bare SQLite, whole lives, ${operations} operations per commit`, bareLivesPerSec(operations), '/s'),
    );
    return [
      figure('Fastify no-op POST, 64 connections', noop.perSec, '/s'),
      figure('  its processor time per request', noop.cpuMicros, 'µs'),
      ...sqlite,
    ];
  },
};
