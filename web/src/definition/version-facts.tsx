import { DefinitionFormat, type DefinitionVersion } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import { WorkflowSource } from '../../gen/workflowgraph/v1/workflow_service_pb.js';
import { Ago } from '../parts/duration.js';
import { formatCount, plural, visible } from '../parts/format.js';
import styles from './definition.module.css';

/** Where a version came from, who sent it, and when. */
export function VersionFacts({ version }: { version: DefinitionVersion }) {
  const { source, file, createdBy, createdAtMs, jobs, bytes } = version;
  const from =
    source === WorkflowSource.API ? 'sent to the API' : `from ${file === undefined ? 'a file' : visible(file, 120)}`;
  return (
    <p className={styles.facts}>
      {from}
      {createdBy === undefined ? '' : ` by ${visible(createdBy, 80)}`}, <Ago ms={Number(createdAtMs)} /> ·{' '}
      {plural(jobs, 'job')}
      {bytes === undefined ? '' : ` · ${formatCount(bytes)} bytes`}
    </p>
  );
}

/** The name of the file that a download of the text gets. */
export function fileNameOf({ workflow, file, format, number }: DefinitionVersion): string {
  const ending = format === DefinitionFormat.JSON ? 'json' : 'yml';
  return file ?? `${workflow}-version-${number}.${ending}`;
}
