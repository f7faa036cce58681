import type { TransportName } from './scenario.js';

/** A client whose adapter the suite can start. */
export interface ClientPlan {
  readonly name: string;
  /** A shell command, run from the repository's root. */
  readonly command: string;
  /** The programs required to build or run the adapter. */
  readonly needs: readonly string[];
  readonly transports: readonly TransportName[];
}

export const clients: readonly ClientPlan[] = [
  {
    name: 'typescript',
    command: `${process.execPath} clients/typescript/conformance/adapter.js`,
    needs: [],
    transports: ['stream', 'http'],
  },
  { name: 'go', command: 'bash clients/go/adapter.sh', needs: ['go'], transports: ['stream', 'http'] },
  { name: 'python', command: 'bash clients/python/adapter.sh', needs: ['python3'], transports: ['stream', 'http'] },
  { name: 'rust', command: 'bash clients/rust/adapter.sh', needs: ['cargo'], transports: ['stream', 'http'] },
  { name: 'shell', command: 'sh test/conformance/shell-adapter.sh', needs: ['jq', 'curl'], transports: ['http'] },
];
