import { VERSION } from '../version.js';

/** How this package names itself to servers. */
export const USER_AGENT = `workflow-graph-client/${VERSION} node/${process.versions.node}`;
