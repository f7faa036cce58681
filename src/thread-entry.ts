/**
 * Where the compiled file of a thread lies. Threads run compiled code also when their owner runs from source, as tests
 * do: a thread cannot load TypeScript whose imports name `.js` files.
 */
export function threadEntry(ownerUrl: string, file: string): URL {
  const url = new URL(file, ownerUrl);
  if (ownerUrl.endsWith('.ts')) url.pathname = url.pathname.replace(/\/src\/(?!.*\/src\/)/, '/dist/src/');
  return url;
}
