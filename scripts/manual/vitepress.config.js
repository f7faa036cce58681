import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { menu, pagePaths, root } from './page-paths.js';

const paths = pagePaths();

export default defineConfig({
  title: 'workflow-graph',
  description: 'A job server that runs DAGs of jobs on workers written in any language',
  lang: 'en',
  // No icon; without this browsers request one.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // The server replaces it if a proxy adds a path (src/http/manual.ts).
  base: '/manual/',
  outDir: '../site',
  // The address of the reader's server.
  ignoreDeadLinks: 'localhostLinks',
  // Site data in separate files, and no syntax colours: the server's policy allows no inline scripts or styles.
  metaChunk: true,
  markdown: {
    // The pages are plain Markdown: neither HTML nor Vue templates.
    html: false,
    config(markdown) {
      for (const name of ['text', 'code_inline']) {
        const rule = markdown.renderer.rules[name];
        markdown.renderer.rules[name] = (...given) => withoutTemplates(rule(...given));
      }
    },
    // The same anchors as in the project's pages: lower case, no punctuation, hyphens.
    anchor: {
      slugify: (text) =>
        text
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
          .replaceAll(' ', '-'),
    },
    highlight: (code, language) =>
      `<pre class="shiki"><code class="language-${language}">${escapeHtml(code)}</code></pre>`,
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: menu.map(({ text, pages }) => ({
      text,
      items: pages.map((source) => ({
        text: titleOf(source),
        link: `/${paths.get(source).replace(/\.md$/, '.html')}`,
      })),
    })),
    footer: { message: 'This manual belongs to the version of the server that serves it.' },
  },
});

function titleOf(source) {
  if (source === 'README.md') return 'Overview';
  return /^# (.*)$/m.exec(readFileSync(join(root, source), 'utf8'))?.[1]?.replaceAll('`', '') ?? source;
}

function escapeHtml(text) {
  return withoutTemplates(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
}

function withoutTemplates(html) {
  return html.replaceAll('{{', '&#123;&#123;');
}
