import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Matches texts that install the crate by its name, which on crates.io belongs to another project. */
const byName = [
  /cargo (add|install)\s+(?![^\n]*--(path|git|registry))[^\n]*workflow-graph-worker-sdk/,
  /workflow-graph-worker-sdk\s*=\s*"/,
  /workflow-graph-worker-sdk\s*=\s*\{(?![^}\n]*\b(path|git|registry)\b)/,
  /(crates\.io|docs\.rs)\/(crates\/)?workflow-graph/,
];

test('the rules match their examples', () => {
  const refused = [
    'cargo add workflow-graph-worker-sdk',
    'cargo install workflow-graph-worker-sdk --locked',
    'workflow-graph-worker-sdk = "0.1"',
    'workflow-graph-worker-sdk = { version = "0.1", features = ["tls"] }',
    'https://docs.rs/workflow-graph-worker-sdk',
  ];
  const taken = [
    'cargo add --path ../rust workflow-graph-worker-sdk',
    'cargo install --path clients/rust/worker-sdk',
    'workflow-graph-worker-sdk = { path = "../rust/worker-sdk" }',
    'workflow-graph-worker-sdk = { git = "https://git.example.org/x.git" }',
    'cargo add --registry workflow-graph workflow-graph-worker-sdk@0.1.0',
    'cargo package -p workflow-graph-worker-sdk',
  ];
  for (const text of refused)
    expect(
      byName.some((rule) => rule.test(text)),
      text,
    ).toBe(true);
  for (const text of taken)
    expect(
      byName.some((rule) => rule.test(text)),
      text,
    ).toBe(false);
});

// Tests of the other project's published crates against this server (test/interop) install them from there.
test('no text recommends the Rust crate from crates.io', () => {
  const files = execFileSync('git', ['ls-files', '-z', '--', ':!test/docs/crate-name.test.ts', ':!test/interop'], {
    cwd: root,
    encoding: 'utf8',
  });
  const texts = files.split('\0').filter((file) => /\.(md|rs|toml|ts|txt|yml|sh|json)$/.test(file));
  expect(texts.length).toBeGreaterThan(100);
  const told = texts.filter((file) => byName.some((rule) => rule.test(readFileSync(`${root}${file}`, 'utf8'))));
  expect(told).toEqual([]);
  expect(readFileSync(`${root}clients/rust/worker-sdk/Cargo.toml`, 'utf8')).toMatch(/^publish = false$/m);
});
