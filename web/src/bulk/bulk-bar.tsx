import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Run } from '../../gen/workflowgraph/v1/runs_pb.js';
import { can, useSession } from '../api/session.js';
import { formatCount } from '../parts/format.js';
import styles from './bulk.module.css';
import { BulkDialog } from './bulk-dialog.js';
import type { BulkAction } from './eligible.js';

/** The actions on the selected runs. */
export function BulkBar({ runs, onClear }: { runs: readonly Run[]; onClear: () => void }) {
  const { data: session } = useSession();
  const [action, setAction] = useState<BulkAction | null>(null);
  const may = can(session, 'submit');
  const title = may ? undefined : 'Needs a token with the scope submit';
  if (runs.length === 0) return null;
  return (
    <section className={styles.bar} aria-label="Chosen runs">
      <span>
        <span className="num">{formatCount(runs.length)}</span> chosen
      </span>
      <button type="button" className="button" disabled={!may} title={title} onClick={() => setAction('cancel')}>
        Cancel…
      </button>
      <button type="button" className="button" disabled={!may} title={title} onClick={() => setAction('rerun-failed')}>
        Re-run what failed…
      </button>
      {runs.length !== 2 ? null : (
        <Link to="/compare" search={{ a: runs[1]?.runId ?? '', b: runs[0]?.runId ?? '' }} className="button">
          Compare
        </Link>
      )}
      <button type="button" className="button" onClick={onClear}>
        Choose none
      </button>
      {action === null ? null : <BulkDialog action={action} runs={runs} onClose={() => setAction(null)} />}
    </section>
  );
}
