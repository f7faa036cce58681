/** Iterates over the entries of all pages. A page comes with the token of the next one, which is empty on the last. */
export async function* allOf<Entry>(
  read: (page: { pageToken?: string }) => Promise<readonly [entries: readonly Entry[], nextPageToken: string]>,
): AsyncGenerator<Entry, void> {
  let pageToken = '';
  do {
    const [entries, next] = await read(pageToken === '' ? {} : { pageToken });
    yield* entries;
    pageToken = next;
  } while (pageToken !== '');
}
