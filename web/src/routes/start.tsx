import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { workflows } from '../api/transport.js';
import { Crumbs } from '../parts/crumbs.js';
import { shortId, visible } from '../parts/format.js';
import { Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { useRunInfo } from '../run/run-info.js';
import { StartForm } from '../start/start-form.js';
import styles from '../start/start-form.module.css';
import { useWorkflow } from '../workflows/use-workflow.js';

/** Starts a run of a workflow, with the inputs of an earlier one if the address names it. */
export function StartPage() {
  const { id } = useParams({ from: '/workflows/$id/run' });
  const { from } = useSearch({ from: '/workflows/$id/run' });
  const workflow = useWorkflow(id);
  const earlier = useRunInfo(from);
  const inputs = useQuery({
    queryKey: ['inputs', id],
    queryFn: ({ signal }) => workflows.getWorkflowInputs({ id }, { signal }),
    gcTime: 0,
  });
  const name = workflowName(id, workflow.data?.name);
  useTitle(`Run ${name}`);
  const error = inputs.error ?? workflow.error ?? earlier.error;
  const isLoading = inputs.isPending || workflow.isPending || (from !== undefined && earlier.isPending);
  return (
    <div className={styles.page}>
      <Crumbs>
        <Link to="/workflows" search={{}}>
          Workflows
        </Link>
        <Link to="/workflows/$id" params={{ id }}>
          {visible(name, 80)}
        </Link>
      </Crumbs>
      <div className={styles.title}>
        <h1>Run {visible(name, 200)}</h1>
        {from === undefined ? null : (
          <p className={styles.sub}>
            A new run of the current definition, with the inputs of{' '}
            <Link to="/runs/$run" params={{ run: from }} search={{}}>
              {shortId(from)}
            </Link>
            .
          </p>
        )}
      </div>
      {error !== null ? (
        <Failed error={error} retry={() => Promise.all([inputs.refetch(), workflow.refetch()])} />
      ) : isLoading || inputs.data === undefined ? (
        <Skeleton rows={5} label="Loading the inputs" />
      ) : (
        <StartForm
          workflow={id}
          version={workflow.data?.version ?? 0}
          declared={inputs.data.declared ? inputs.data.inputs : null}
          from={earlier.data?.runId ?? null}
          given={earlier.data?.inputs ?? {}}
        />
      )}
    </div>
  );
}
