import { VERSION } from '../version.js';

/** The user agent of this package. */
export const USER_AGENT = `workflow-graph-client/${VERSION} node/${process.versions.node}`;
