import { plural, visible } from '../parts/format.js';
import styles from './gates.module.css';
import { RunLinks } from './run-links.js';
import { useGate } from './use-gate.js';

/** The holders of the places for which a run waits; the reason is the server's sentence. */
export function HeldNote({ runId, group }: { runId: string; group: string }) {
  const { data: gate } = useGate(group, true);
  const before = gate?.waiting.findIndex((run) => run.runId === runId) ?? -1;
  return (
    <p className={styles.note}>
      <strong>Group {visible(group, 120)}.</strong>{' '}
      {gate === undefined || gate === null ? null : (
        <>
          {gate.holders.length === 0 ? null : (
            <>
              {plural(gate.inUse, 'run has', 'runs have')} a place in it: <RunLinks runs={gate.holders} />.{' '}
            </>
          )}
          {before > 0 ? `${plural(before, 'run waits', 'runs wait')} before this one.` : ''}
        </>
      )}
    </p>
  );
}
