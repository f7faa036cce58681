import type { Socket } from 'node:net';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** The decisive part of the preface. Fewer bytes may still be `POST` or another `PRI`. */
const decisiveBytes = 16;

/**
 * Distinguishes HTTP/2 with prior knowledge from HTTP/1.1 by a connection's first bytes, without consuming them. They
 * may arrive one by one. A connection that does not send them in time is closed.
 */
export function sniffProtocol(
  socket: Socket,
  timeoutMs: number,
  decided: (protocol: 'h1' | 'h2', socket: Socket) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);

  function onReadable(): void {
    const bytes: Buffer | null = socket.read();
    if (bytes === null) return;
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const matches = seen.subarray(0, decisiveBytes).equals(preface.subarray(0, Math.min(seen.length, decisiveBytes)));
    if (matches && seen.length < decisiveBytes) return;
    stop();
    socket.unshift(seen);
    decided(matches ? 'h2' : 'h1', socket);
  }
  function onEnd(): void {
    stop();
    socket.destroy();
  }
  function stop(): void {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onEnd).off('close', stop).off('error', onEnd);
  }

  socket.on('readable', onReadable).on('end', onEnd).on('close', stop).on('error', onEnd);
}
