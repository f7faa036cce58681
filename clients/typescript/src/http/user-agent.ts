import { VERSION } from '../version.js';

/** The user agent of this package. */
export const USER_AGENT: string = `workflow-graph-client/${VERSION} node/${process.versions.node}`;
