import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** The server that `npm run dev -w web` shows. */
const server = process.env.WORKFLOW_GRAPH_URL ?? 'http://127.0.0.1:8080';
const outDir = join(import.meta.dirname, '../dist/web');

export default defineConfig({
  root: import.meta.dirname,
  // Every address is relative to the page's <base>, which the server writes.
  base: './',
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    // The polyfill is an inline script, and every browser that runs the rest has the real thing.
    modulePreload: { polyfill: false },
    // A data: address is no font or script that the policy allows, and a request of its own is cached.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      checks: { pluginTimings: false },
      // "use client" means something to servers that render React; there is none here.
      onLog: (level, log, handle) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : handle(level, log)),
    },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': proxied(), '/workflowgraph.v1': proxied(), '/session': proxied(), '/docs': proxied() } },
  plugins: [compressed()],
});

function proxied() {
  // The server answers only to its own pages; as seen from it, this is one.
  return { target: server, changeOrigin: true, headers: { origin: server } };
}

/** Writes each file compressed beside itself, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      for (const name of readdirSync(outDir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const file = join(outDir, name);
        const text = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}
