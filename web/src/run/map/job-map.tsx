import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { ranksOf } from '../../graph/ranks.js';
import { visible } from '../../parts/format.js';
import { usePreferences } from '../../parts/preferences.js';
import type { JobRow } from '../job-row.js';
import { type Look, wordOfJob } from '../phases.js';
import styles from './job-map.module.css';
import { cellAt, type MapLayout, mapLayout } from './map-layout.js';

const colors: Readonly<Record<Look, string>> = {
  success: '--success',
  failure: '--failure',
  running: '--running',
  waiting: '--waiting',
  delayed: '--waiting',
  held: '--waiting',
  blocked: '--line-strong',
  skipped: '--quiet',
  cancelled: '--cancelled',
};

/**
 * One cell for each job, in columns by rank: the whole run at a glance, whatever its size. The list shows the same in
 * words.
 */
export function JobMap({ jobs, runId }: { jobs: readonly JobRow[]; runId: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const navigate = useNavigate();
  const { theme } = usePreferences();
  const [width, setWidth] = useState(0);
  const [shown, setShown] = useState<JobRow | null>(null);
  // Ranks depend on the version alone, and the count of jobs stands for it within one run.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the needs of a job never change
  const ranks = useMemo(() => ranksOf(jobs), [jobs.length]);
  const layout = useMemo(() => (width === 0 ? null : mapLayout(ranks, width)), [ranks, width]);

  useEffect(() => {
    const box = canvas.current?.parentElement;
    if (box === null || box === undefined) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(0, box.clientWidth - 32)));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme has other colours
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => canvas.current !== null && layout !== null && drawMap(canvas.current, layout, jobs);
    draw();
    dark.addEventListener('change', draw);
    return () => dark.removeEventListener('change', draw);
  }, [layout, jobs, theme]);

  const jobUnder = (event: React.MouseEvent): JobRow | null => {
    if (layout === null) return null;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const at = cellAt(layout, event.clientX - left, event.clientY - top);
    return at === null ? null : (jobs[at] ?? null);
  };
  return (
    // The list says the same in words, for assistive technology.
    <div className={styles.map} aria-hidden="true">
      <canvas
        ref={canvas}
        style={{ width, height: layout?.height ?? 0 }}
        onMouseMove={(event) => setShown(jobUnder(event))}
        onMouseLeave={() => setShown(null)}
        onClick={(event) => {
          const job = jobUnder(event);
          if (job !== null) navigate({ to: '/runs/$run/jobs/$job', params: { run: runId, job: job.id }, search: {} });
        }}
      />
      <p className={styles.caption}>
        {shown === null
          ? 'One cell a job, in columns by what they need'
          : `${visible(shown.id, 120)} · ${wordOfJob(shown)}`}
      </p>
    </div>
  );
}

function drawMap(canvas: HTMLCanvasElement, layout: MapLayout, jobs: readonly JobRow[]): void {
  const scale = devicePixelRatio;
  canvas.width = Math.round(layout.width * scale);
  canvas.height = Math.round(layout.height * scale);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const paint = new Map(Object.entries(colors).map(([look, name]) => [look, style.getPropertyValue(name)]));
  const ground = style.getPropertyValue('--surface');
  const { size, gap } = layout;
  layout.cells.forEach(([x, y], n) => {
    const look = jobs[n]?.look ?? 'blocked';
    const inner = size - gap;
    context.fillStyle = paint.get(look) ?? '#888';
    context.fillRect(x, y, inner, inner);
    if (inner < 4) return;
    // Patterns, so that colour is never the only distinction.
    context.fillStyle = ground;
    if (look === 'failure') {
      context.fillRect(x + inner / 2 - 0.75, y, 1.5, inner);
      context.fillRect(x, y + inner / 2 - 0.75, inner, 1.5);
    } else if (look === 'running') context.fillRect(x + inner / 4, y + inner / 4, inner / 2, inner / 2);
    else if (look === 'blocked' || look === 'skipped' || look === 'waiting') {
      context.fillRect(x + 1, y + 1, inner - 2, inner - 2);
    }
  });
}
