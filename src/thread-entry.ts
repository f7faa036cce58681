/**
 * Path of a thread's compiled file. Threads run compiled code even if their owner runs from source, as in tests: a
 * thread cannot load TypeScript whose imports name `.js` files.
 */
export function threadEntry(ownerUrl: string, file: string): URL {
  const url = new URL(file, ownerUrl);
  if (ownerUrl.endsWith('.ts')) url.pathname = url.pathname.replace(/\/src\/(?!.*\/src\/)/, '/dist/src/');
  return url;
}
