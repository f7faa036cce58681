import type { Readable, Writable } from 'node:stream';

/**
 * The pipe between a worker and the process that owns it. The owner writes one line, the token. The pipe ends with the
 * owner, however that ends, even by SIGKILL.
 */
export function writeToken(pipe: Writable, token: string | undefined): void {
  // The worker may have ended already, which its owner notices by itself.
  pipe.on('error', () => {});
  pipe.write(`${token ?? ''}\n`);
}

/** The owner's token; undefined when there is none. The pipe stays open. */
export function readToken(pipe: Readable): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const settle = () => {
      pipe.off('data', take).off('end', settle);
      const line = text.split('\n', 1)[0] ?? '';
      resolve(line === '' ? undefined : line);
    };
    const take = (piece: Buffer) => {
      text += piece.toString('utf8');
      if (text.includes('\n')) settle();
    };
    pipe.on('data', take).once('end', settle);
  });
}

/** Calls back once when the owner is gone. */
export function whenOwnerIsGone(pipe: Readable, callback: () => void): void {
  if (pipe.readableEnded || pipe.destroyed) {
    callback();
    return;
  }
  pipe.once('end', callback);
  pipe.resume();
}
