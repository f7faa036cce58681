import { fileURLToPath } from 'node:url';
import { programFile } from '../../bin/program-file.js';

/**
 * The program that tests start: as users run it, that is the bundle, or what was compiled since. WORKFLOW_GRAPH_UNDER_TEST
 * names the `main.js` of another build.
 */
export function programUnderTest() {
  return process.env.WORKFLOW_GRAPH_UNDER_TEST ?? programFile(fileURLToPath(new URL('../../', import.meta.url)));
}
