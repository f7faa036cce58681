// `node scripts/screen-capture.js`: runs a workflow under `run --watch` on a pseudo-terminal and draws its screen in
// the middle of the run as docs/images/run-watch.svg, the picture in the README.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('./ensure.js');
const { default: xterm } = await import('@xterm/headless');

const root = fileURLToPath(new URL('..', import.meta.url));
const picture = join(root, 'docs/images/run-watch.svg');
const columns = 88;
const rows = 16;

const workflow = `name: Release
jobs:
  lint: { run: 'echo "no problems in 214 files"' }
  build: { needs: lint, run: 'echo "::set-output version=1.4.0"; sleep 0.4' }
  unit: { needs: build, run: 'sleep 1' }
  browser:
    needs: build
    retries: 2
    run: |
      echo "checkout.spec.ts: 14 of 31 passed"
      [ "$WORKFLOW_GRAPH_ATTEMPT" = 1 ] && sleep 30
      exit 1
  image: { needs: build, run: 'echo "layer 5/9: COPY dist /app"; sleep 30' }
  docs: { needs: build, run: 'echo "41 pages"' }
  publish: { needs: [unit, browser, image, docs], run: 'true' }
`;

const folder = mkdtempSync(join(tmpdir(), 'workflow-graph-capture-'));
const file = join(folder, 'release.yml');
writeFileSync(file, workflow);
const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
const child = spawn(
  'python3',
  [
    join(root, 'test/cli/on-terminal.py'),
    String(columns),
    String(rows),
    join(root, 'node_modules/node/bin/node'),
    join(root, 'dist/src/main.js'),
    'run',
    file,
    '--watch',
    '--jobs',
    '4',
  ],
  { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TERM: 'xterm-256color', WORKER_LABELS: 'linux' } },
);
child.stdout.setEncoding('utf8').on('data', (text) => terminal.write(text));
setTimeout(() => {
  mkdirSync(join(root, 'docs/images'), { recursive: true });
  writeFileSync(picture, drawing(terminal.buffer.active));
  process.stdout.write(`${picture}\n`);
  // Typed twice: the first asks the jobs to stop, the second kills them.
  for (let times = 0; times < 2; times += 1) child.stdin.write(`${JSON.stringify({ input: '\u0003' })}\n`);
}, 4_500);
child.on('close', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});

/** The eight colours of a terminal, and the default text colour. */
function colourOf(cell) {
  const colours = ['#484f58', '#f85149', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', '#c9d1d9'];
  if (cell.isDim()) return '#8b949e';
  return cell.isFgPalette() ? (colours[cell.getFgColor() % 8] ?? '#c9d1d9') : '#c9d1d9';
}

function drawing(buffer) {
  const width = 8.4;
  const height = 19;
  const margin = 14;
  const lines = [];
  let drawnRows = rows;
  while (drawnRows > 1 && (buffer.getLine(buffer.baseY + drawnRows - 1)?.translateToString(true) ?? '') === '') {
    drawnRows -= 1;
  }
  for (let y = 0; y < drawnRows; y += 1) {
    const line = buffer.getLine(buffer.baseY + y);
    const runs = [];
    for (let x = 0; x < columns; x += 1) {
      const cell = line?.getCell(x);
      const text = cell?.getChars() ?? '';
      if (text.trim() === '') continue;
      const look = `fill="${colourOf(cell)}"${cell.isBold() ? ' font-weight="bold"' : ''}`;
      const before = runs.at(-1);
      if (before?.look === look && before.x + before.text.length === x) before.text += text;
      else runs.push({ x, look, text });
    }
    const baseline = margin + 13 + y * height;
    for (const { x, look, text } of runs) {
      const left = (margin + x * width).toFixed(1);
      lines.push(
        `<text x="${left}" y="${baseline}" ${look} textLength="${(text.length * width).toFixed(1)}">${escaped(text)}</text>`,
      );
    }
  }
  const [w, h] = [Math.ceil(columns * width + 2 * margin), drawnRows * height + 2 * margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="A run, watched in a terminal">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">
${lines.join('\n')}
</g>
</svg>
`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
