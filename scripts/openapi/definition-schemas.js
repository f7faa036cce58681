// The two forms of a definition, from the tables with which its parser checks keys.

/** For `components.schemas`. */
export function definitionSchemas({ workflowFile, apiForm }) {
  return {
    WorkflowDefinition: {
      description: 'A definition in the form of the API, or a workflow file.',
      anyOf: [{ $ref: '#/components/schemas/WorkflowForm' }, { $ref: '#/components/schemas/WorkflowFile' }],
    },
    ...embedded('WorkflowFile', workflowFile),
    ...embedded('WorkflowForm', apiForm),
  };
}

/**
 * A map without the rule about its required keys (`run` or `steps`): code generators turn the alternatives into
 * separate types, and lose the map. The server checks the rule.
 */
function withoutChoiceOfKeys(schema) {
  if (schema.properties === undefined) return schema;
  const { anyOf, oneOf, ...rest } = schema;
  const isOfKeys = (choices) => choices?.every((choice) => choice.required !== undefined && choice.type === undefined);
  return { ...rest, ...(isOfKeys(anyOf) ? {} : anyOf && { anyOf }), ...(isOfKeys(oneOf) ? {} : oneOf && { oneOf }) };
}

/** A schema whose `$defs` become separate components: `#/$defs/job` is `WorkflowFileJob`. */
function embedded(name, { $schema: _, $defs, title, ...schema }) {
  const componentName = (def) => `${name}${def[0].toUpperCase()}${def.slice(1)}`;
  const rewritten = (value) => {
    if (Array.isArray(value)) return value.map(rewritten);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(withoutChoiceOfKeys(value)).map(([key, inner]) => {
      const def = key === '$ref' && typeof inner === 'string' ? /^#\/\$defs\/(\w+)$/.exec(inner)?.[1] : undefined;
      return [key, def === undefined ? rewritten(inner) : `#/components/schemas/${componentName(def)}`];
    });
    return Object.fromEntries(entries);
  };
  // Code generators would name the type after the title.
  const components = { [name]: { description: title, ...rewritten(schema) } };
  for (const [def, inner] of Object.entries($defs)) components[componentName(def)] = rewritten(inner);
  return components;
}
