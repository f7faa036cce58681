/** Ports that are tried, including the first. */
const triesMax = 100;

/**
 * Opens the port, or the next free one. Port 0 means any free port.
 *
 * @throws the system's error when it is not "taken", or when all tried ports are taken.
 */
export async function listenOnFreePort<T>(port: number, open: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const candidate = port + tries - 1;
    try {
      return await open(candidate);
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || tries === triesMax || candidate >= 65_535) throw error;
    }
  }
}
