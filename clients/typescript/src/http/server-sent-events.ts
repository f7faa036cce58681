/** One event of a `text/event-stream`. */
export interface ServerSentEvent {
  readonly name: string;
  readonly data: string;
  /** For `Last-Event-ID`; null if the event has none. */
  readonly id: string | null;
}

/** Reads events from a stream. An event truncated by the end of the stream is dropped, as the format requires. */
export async function* readEvents(bytes: AsyncIterable<Buffer>): AsyncGenerator<ServerSentEvent> {
  let name = 'message';
  let id: string | null = null;
  let data: string[] = [];
  for await (const line of readLines(bytes)) {
    if (line === '') {
      if (data.length > 0) yield { name, data: data.join('\n'), id };
      name = 'message';
      id = null;
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  }
}

async function* readLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}
