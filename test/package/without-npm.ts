/** The variables that the npm of these tests sets for its scripts must not reach another npm. */
export function withoutNpm(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = /^(?:npm_(?:lifecycle|package|command|execpath|node_execpath)|INIT_CWD$|NODE_ENV$|VITEST)/;
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined && !names.test(pair[0])),
  );
}
