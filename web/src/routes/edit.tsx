import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { DefinitionFormat, type GetDefinitionResponse } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { WorkflowSource } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { can, useSession } from '../api/session.js';
import { download } from '../definition/download.js';
import { useDefinition } from '../definition/use-definition.js';
import { fileNameOf, VersionFacts } from '../definition/version-facts.js';
import Editor from '../editor/editor.js';
import styles from '../editor/editor.module.css';
import { CopyButton } from '../parts/copy-button.js';
import { Crumbs } from '../parts/crumbs.js';
import { visible } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import { useTitle } from '../parts/use-title.js';
import { workflowName } from '../parts/workflow-name.js';
import { StartLink } from '../start/start-link.js';

const template = `name: My workflow
jobs:
  build:
    run: echo "build it"
  test:
    needs: build
    run: echo "test it"
`;

const needsSubmit = 'Needs a token with the scope submit';

/** A new workflow, from a text that is checked while it is written. */
export function NewWorkflowPage() {
  useTitle('New workflow');
  const { data: session } = useSession();
  const navigate = useNavigate();
  if (session === undefined) return <Skeleton rows={10} label="Loading" />;
  const mayWrite = can(session, 'submit');
  return (
    <div className={styles.page}>
      <Crumbs>
        <Link to="/workflows" search={{}}>
          Workflows
        </Link>
        <span>New</span>
      </Crumbs>
      <h1>New workflow</h1>
      {mayWrite ? null : <p className={styles.note}>{needsSubmit}. The text cannot be changed or stored.</p>}
      <Editor
        initial={template}
        contentType="application/yaml"
        base={null}
        readOnly={mayWrite ? '' : needsSubmit}
        mayCheck={mayWrite}
        onSaved={({ id }) => navigate({ to: '/workflows/$id/edit', params: { id }, replace: true })}
        actions={() => null}
      />
    </div>
  );
}

/** Changes a workflow that was sent to the API; shows one of a file. */
export function EditWorkflowPage() {
  const { id } = useParams({ from: '/workflows/$id/edit' });
  const { data: session } = useSession();
  const mayWrite = can(session, 'submit');
  const query = useDefinition(id, null, mayWrite);
  const name = workflowName(id, query.data?.version?.name);
  useTitle(`Edit ${name}`);
  return (
    <div className={styles.page}>
      <Crumbs>
        <Link to="/workflows" search={{}}>
          Workflows
        </Link>
        <Link to="/workflows/$id" params={{ id }} search={{ tab: 'definition' }}>
          {visible(name, 80)}
        </Link>
      </Crumbs>
      <h1>{visible(name, 200)}</h1>
      {session === undefined ? (
        <Skeleton rows={12} label="Loading the definition" />
      ) : !mayWrite ? (
        <>
          <p className={styles.note}>{needsSubmit}. Without it the text cannot be read or changed.</p>
          <Editor
            initial=""
            contentType="application/yaml"
            base={{ id, version: 0 }}
            readOnly={needsSubmit}
            mayCheck={false}
            onSaved={() => undefined}
            actions={() => null}
          />
        </>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : query.isPending ? (
        <Skeleton rows={12} label="Loading the definition" />
      ) : query.data.text === undefined ? (
        <Empty title="The text of this version is not stored">
          <p>An earlier version of the server loaded it. Send the workflow once more to keep its text.</p>
        </Empty>
      ) : (
        <Loaded key={id} id={id} text={query.data.text} definition={query.data} />
      )}
    </div>
  );
}

function Loaded({ id, text, definition }: { id: string; text: string; definition: GetDefinitionResponse }) {
  const queries = useQueryClient();
  const { version } = definition;
  const [base, setBase] = useState({ id, version: definition.currentVersion });
  const isFile = version?.source === WorkflowSource.FILE;
  const file = visible(version?.file ?? 'a file', 120);
  return (
    <>
      {version === undefined ? null : base.version === version.number ? (
        <VersionFacts version={version} />
      ) : (
        <p className={styles.quiet}>
          Version {base.version} is saved. Runs in progress keep the version that they have.
        </p>
      )}
      {isFile ? (
        <p className={styles.note}>
          This workflow comes from <code>{file}</code> in the workflows folder of the server. Change it there: the
          server loads it when it changes.
        </p>
      ) : null}
      <Editor
        initial={text}
        contentType={version?.format === DefinitionFormat.JSON ? 'application/json' : 'application/yaml'}
        base={base}
        readOnly={isFile ? `It comes from ${file}: change it there` : ''}
        mayCheck
        onSaved={(saved) => {
          setBase({ id, version: saved.version });
          void queries.invalidateQueries({ queryKey: ['workflow', id] });
          void queries.invalidateQueries({ queryKey: ['versions', id] });
        }}
        actions={(now) => (
          <>
            <CopyButton text={now.text} />
            <button
              type="button"
              className="button"
              onClick={() => download(now.text, version === undefined ? `${id}.yml` : fileNameOf(version))}
            >
              Download
            </button>
            {now.isSaved ? (
              <StartLink workflow={id} />
            ) : (
              <button type="button" className="button" disabled title="Save the text first">
                Run…
              </button>
            )}
          </>
        )}
      />
    </>
  );
}
