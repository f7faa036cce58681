/**
 * The flags of Node under which the server runs. V8 would let the space for new objects grow to several times this: under
 * full load that was 430 MB resident against 300, without being faster; half of this would cost 5 % of the speed.
 */
export const serverNodeFlags = ['--max-semi-space-size=16'];

/** Commands that run a server, or its loops, until a signal. */
const serverCommands = ['serve', 'scheduler'];

/** The flags for a command line: those of the server for what stays, none for what answers and ends. */
export function nodeFlagsFor(args) {
  return serverCommands.includes(args[0]) ? serverNodeFlags : [];
}
