import { hash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Moves inline scripts of a page into files and removes inline styles: the server's policy allows only files. */
export function fitPolicy(site) {
  const pages = readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'));
  for (const page of pages) {
    const html = readFileSync(join(site, page), 'utf8')
      .replaceAll(/(<[a-z][^>]*?) style="(?:position:relative;|--vp-vh:0px;)"/g, '$1')
      .replaceAll(/<script(?![^>]*\bsrc=)([^>]*)>([\s\S]*?)<\/script>/g, (_, attributes, code) => {
        const file = `assets/inline.${hash('sha256', code).slice(0, 12)}.js`;
        writeFileSync(join(site, file), code);
        const kind = /\btype="module"/.test(attributes) ? ' type="module"' : '';
        return `<script${kind} src="/manual/${file}"></script>`;
      });
    writeFileSync(join(site, page), html);
  }
}
