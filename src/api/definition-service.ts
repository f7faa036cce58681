import type { DefinitionService } from '../../gen/workflowgraph/v1/definition_service_pb.js';
import type { Document } from '../../gen/workflowgraph/v1/types_pb.js';
import { DomainError } from '../domain/errors.js';
import type { Engine } from '../engine/engine.js';
import { toWireVersion } from './convert/definition-version.js';
import { definitionFormat } from './convert/document.js';
import { toWireProblem } from './convert/error-detail.js';
import { pageSize } from './convert/page-size.js';
import { toWireRunGraph } from './convert/run-graph.js';
import { toWireBrokenFile } from './convert/workflow.js';
import type { ServiceHandlers } from './procedure.js';

/** `DefinitionService` over the engine. */
export function definitionService(engine: Engine): ServiceHandlers<typeof DefinitionService> {
  return {
    getDefinition: async ({ workflow, version }) => {
      const view = await engine.definition(workflow, version ?? null);
      return {
        $typeName: 'workflowgraph.v1.GetDefinitionResponse',
        version: toWireVersion(view.version),
        ...(view.text === null ? {} : { text: view.text }),
        currentVersion: view.currentVersion,
        broken: view.broken === null ? undefined : toWireBrokenFile(view.broken),
      };
    },

    listVersions: async ({ workflow, limit, pageToken }) => {
      const page = await engine.listVersions({ workflow, limit: pageSize(limit), pageToken });
      return {
        $typeName: 'workflowgraph.v1.ListVersionsResponse',
        versions: page.versions.map(toWireVersion),
        currentVersion: page.currentVersion,
        nextPageToken: page.nextPageToken,
      };
    },

    validateDefinition: async ({ definition }, { context }) => {
      const result = await engine.validateDefinition({ ...textOf(definition), signal: context.signal });
      return {
        $typeName: 'workflowgraph.v1.ValidateDefinitionResponse',
        valid: result.ok,
        problems: result.ok ? [] : result.problems.map(toWireProblem),
        warnings: result.ok ? result.warnings.map(toWireProblem) : [],
        graph: result.ok ? toWireRunGraph({ ...result.graph, workflowId: '', version: 0 }) : undefined,
      };
    },

    updateWorkflow: async ({ id, definition, baseVersion }, { caller, context }) => {
      const { version, changed } = await engine.updateWorkflow({
        caller,
        id,
        ...textOf(definition),
        baseVersion: baseVersion ?? null,
        signal: context.signal,
      });
      return { $typeName: 'workflowgraph.v1.UpdateWorkflowResponse', id, version, changed };
    },
  };
}

function textOf(definition: Document | undefined) {
  if (definition === undefined || definition.data.length === 0) {
    throw new DomainError('malformed', 'definition: a workflow definition is needed, in YAML or JSON');
  }
  return { text: definition.data, format: definitionFormat(definition) };
}
