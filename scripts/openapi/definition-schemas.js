// The two forms of a definition, from the tables that its reader checks keys with.

/** For `components.schemas`. */
export function definitionSchemas({ workflowFile, apiForm }) {
  return { ...embedded('WorkflowFile', workflowFile), ...embedded('WorkflowForm', apiForm) };
}

/** A schema whose `$defs` become components of their own: `#/$defs/job` is `WorkflowFileJob`. */
function embedded(name, { $schema: _, $defs, ...schema }) {
  const componentName = (def) => `${name}${def[0].toUpperCase()}${def.slice(1)}`;
  const rewritten = (value) => {
    if (Array.isArray(value)) return value.map(rewritten);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) => {
      const def = key === '$ref' && typeof inner === 'string' ? /^#\/\$defs\/(\w+)$/.exec(inner)?.[1] : undefined;
      return [key, def === undefined ? rewritten(inner) : `#/components/schemas/${componentName(def)}`];
    });
    return Object.fromEntries(entries);
  };
  const components = { [name]: rewritten(schema) };
  for (const [def, inner] of Object.entries($defs)) components[componentName(def)] = rewritten(inner);
  return components;
}
