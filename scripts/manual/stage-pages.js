import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { pagePaths, root } from './page-paths.js';

/** Writes the pages into a folder for the site generator: under their new paths, with links between those. */
export function stagePages(folder) {
  rmSync(folder, { recursive: true, force: true });
  const paths = pagePaths();
  for (const [source, path] of paths) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, stagedText(source, readFileSync(join(root, source), 'utf8'), paths));
  }
  cpSync(join(root, 'docs/images'), join(folder, 'images'), { recursive: true });
}

/**
 * A page with its links rewritten for the manual; a link to a file outside of the manual becomes the file's path in the
 * project.
 */
export function stagedText(source, text, paths) {
  const from = posix.dirname(source);
  const to = posix.dirname(paths.get(source));
  const parts = text.split(/^((?:```|~~~)[\s\S]*?^(?:```|~~~))/m);
  // Every second part is a code block.
  return parts.map((part, i) => (i % 2 === 1 ? part : prose(part))).join('');

  function prose(part) {
    return withoutHtml(part).replaceAll(
      /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
      (whole, image, words, target) => {
        if (/^[a-z]+:|^#/.test(target)) return whole;
        const [path, anchor] = target.split('#');
        const wanted = posix.normalize(posix.join(from, path));
        const found = wanted.startsWith('docs/images/') ? wanted.replace('docs/', '') : paths.get(wanted);
        if (found === undefined) return image === '!' ? '' : `${words} (\`${wanted}\`)`;
        const relative = posix.relative(to, found);
        return `${image}[${words}](${relative.startsWith('.') ? relative : `./${relative}`}${anchor === undefined ? '' : `#${anchor}`})`;
      },
    );
  }
}

/** Images are the only HTML in the pages. */
function withoutHtml(text) {
  return text
    .replaceAll(/<picture>[\s\S]*?(<img [^>]*>)\s*<\/picture>/g, '$1')
    .replaceAll(/<img src="([^"]*)" alt="([^"]*)"[^>]*>/g, '![$2]($1)');
}
