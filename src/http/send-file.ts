import { open } from 'node:fs/promises';
import type { FastifyReply } from 'fastify';

/** Answers with a file of the program. It is read on request and not kept in memory. */
export async function sendFile(reply: FastifyReply, file: URL | string, contentType: string): Promise<FastifyReply> {
  const handle = await open(file);
  const { size } = await handle.stat();
  return reply
    .header('content-type', contentType)
    .header('content-length', size)
    .send(handle.createReadStream({ highWaterMark: 64 * 1024 }));
}
