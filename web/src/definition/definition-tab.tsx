import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { DefinitionVersion, GetDefinitionResponse } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { WorkflowSource } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { can, useSession } from '../api/session.js';
import { CopyButton } from '../parts/copy-button.js';
import { formatAgo, visible } from '../parts/format.js';
import { Empty, Failed, Skeleton } from '../parts/states.js';
import styles from './definition.module.css';
import { DiffView } from './diff-view.js';
import { download } from './download.js';
import { TextView } from './text-view.js';
import { useDefinition, useVersions } from './use-definition.js';
import { fileNameOf, VersionFacts } from './version-facts.js';

/** The text of a workflow's definition, of any version, and what changed between two of them. */
export default function DefinitionTab({ workflow }: { workflow: string }) {
  const { data: session } = useSession();
  if (session === undefined) return <Skeleton rows={10} label="Loading the definition" />;
  if (!can(session, 'submit')) {
    return (
      <Empty title="The text of a definition needs a token with the scope submit">
        <p>It can hold what not everybody who may see runs should read.</p>
      </Empty>
    );
  }
  return <Definition workflow={workflow} />;
}

function Definition({ workflow }: { workflow: string }) {
  const { version = null, compare = null } = useSearch({ from: '/workflows/$id' });
  const navigate = useNavigate({ from: '/workflows/$id' });
  const shown = useDefinition(workflow, version);
  const other = useDefinition(workflow, compare, compare !== null);
  const versions = useVersions(workflow);
  const show = (next: { version: number | null; compare: number | null }) =>
    navigate({
      search: {
        tab: 'definition',
        ...(next.version === null ? {} : { version: next.version }),
        ...(next.compare === null ? {} : { compare: next.compare }),
      },
    });
  if (shown.isError) return <Failed error={shown.error} retry={() => shown.refetch()} />;
  if (shown.isPending) return <Skeleton rows={12} label="Loading the definition" />;
  const listed = versions.data?.pages.flatMap((page) => page.versions) ?? [];
  const { currentVersion } = shown.data;
  const number = shown.data.version?.number ?? currentVersion;
  return (
    <div className={styles.tab}>
      <div className={styles.tools}>
        <label>
          Version
          <select
            className="field"
            value={number}
            onChange={({ target }) => show({ version: Number(target.value), compare })}
          >
            {withShown(listed, number).map((one) => (
              <option key={one} value={one}>
                {optionOf(one, currentVersion, listed)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Compare with
          <select
            className="field"
            value={compare ?? ''}
            onChange={({ target }) => show({ version, compare: target.value === '' ? null : Number(target.value) })}
          >
            <option value="">no other</option>
            {withShown(listed, compare ?? number)
              .filter((one) => one !== number)
              .map((one) => (
                <option key={one} value={one}>
                  {optionOf(one, currentVersion, listed)}
                </option>
              ))}
          </select>
        </label>
        {versions.hasNextPage ? (
          <button type="button" className="button" onClick={() => versions.fetchNextPage()}>
            Older versions
          </button>
        ) : null}
        <Actions workflow={workflow} definition={shown.data} />
      </div>
      {shown.data.version === undefined ? null : <VersionFacts version={shown.data.version} />}
      {compare === null ? (
        <Text definition={shown.data} />
      ) : other.isError ? (
        <Failed error={other.error} retry={() => other.refetch()} />
      ) : other.isPending ? (
        <Skeleton rows={12} label="Loading the other version" />
      ) : (
        <Difference one={shown.data} other={other.data} />
      )}
    </div>
  );
}

function Actions({ workflow, definition: { version, text } }: { workflow: string; definition: GetDefinitionResponse }) {
  return (
    <div className={styles.actions}>
      {text === undefined || version === undefined ? null : (
        <>
          <CopyButton text={text} />
          <button type="button" className="button" onClick={() => download(text, fileNameOf(version))}>
            Download
          </button>
        </>
      )}
      <Link to="/workflows/$id/edit" params={{ id: workflow }} className="button">
        {version?.source === WorkflowSource.API ? 'Edit' : 'Open in the editor'}
      </Link>
    </div>
  );
}

function Text({ definition: { version, text } }: { definition: GetDefinitionResponse }) {
  const number = version?.number ?? 0;
  if (text !== undefined) return <TextView text={text} label={`Text of version ${number}`} />;
  return (
    <Empty title={`The text of version ${number} is not stored`}>
      <p>An earlier version of the server loaded it. The next version of this workflow keeps its text.</p>
    </Empty>
  );
}

/** From the older to the newer one, however they were chosen. */
function Difference({ one, other }: { one: GetDefinitionResponse; other: GetDefinitionResponse }) {
  const isOlder = (one.version?.number ?? 0) < (other.version?.number ?? 0);
  const [before, after] = isOlder ? [one, other] : [other, one];
  const missing = [before, after].find(({ text }) => text === undefined);
  if (before.text === undefined || after.text === undefined) {
    return <Empty title={`The text of version ${missing?.version?.number ?? 0} is not stored`} />;
  }
  const caption = `Changes from version ${before.version?.number} to version ${after.version?.number}`;
  return <DiffView before={before.text} after={after.text} caption={caption} />;
}

/** The numbers of the listed versions, with one that may be beyond the loaded pages. */
function withShown(listed: readonly DefinitionVersion[], number: number): number[] {
  const numbers = listed.map((version) => version.number);
  return numbers.includes(number) ? numbers : [...numbers, number].sort((a, b) => b - a);
}

function optionOf(number: number, current: number, listed: readonly DefinitionVersion[]): string {
  const version = listed.find((one) => one.number === number);
  const when = version === undefined ? '' : `, ${formatAgo(Number(version.createdAtMs), Date.now())}`;
  const by = version?.createdBy === undefined ? '' : ` by ${visible(version.createdBy, 40)}`;
  return `${number}${number === current ? ' (current)' : ''}${when}${by}`;
}
