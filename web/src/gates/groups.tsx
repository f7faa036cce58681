import { GateKind } from '../../gen/workflowgraph/v1/gate_service_pb.js';
import { formatCount, plural, visible } from '../parts/format.js';
import styles from './gates.module.css';
import { RunLinks } from './run-links.js';
import { useGates } from './use-gate.js';

const nouns: Readonly<Record<GateKind, string>> = {
  [GateKind.UNSPECIFIED]: 'run',
  [GateKind.RUNS]: 'run',
  [GateKind.JOBS]: 'job',
};

/** The concurrency groups with waiting runs or jobs, and the holders of their places; nothing if none waits. */
export function Groups() {
  const { data: gates } = useGates();
  const busy = (gates ?? []).filter(({ waitingTotal }) => waitingTotal > 0);
  if (busy.length === 0) return null;
  return (
    <section className={styles.groups} aria-labelledby="groups">
      <h2 id="groups">Concurrency groups</h2>
      <ul className="card" aria-label="Groups in which runs or jobs wait">
        {busy.map(({ kind, group, inUse, holders, waiting, waitingTotal }) => (
          <li key={`${kind} ${group}`} className={styles.group} data-row="">
            <h3>{visible(group, 120)}</h3>
            <p>
              {plural(inUse, `${nouns[kind]} has`, `${nouns[kind]}s have`)} a place: <RunLinks runs={holders} />
              {inUse > holders.length ? ` and ${formatCount(inUse - holders.length)} more` : ''}
            </p>
            <p className={styles.waits}>
              {plural(waitingTotal, `${nouns[kind]} waits`, `${nouns[kind]}s wait`)}: <RunLinks runs={waiting} />
              {waitingTotal > waiting.length ? ` and ${formatCount(waitingTotal - waiting.length)} more` : ''}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
