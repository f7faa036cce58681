// The protovalidate rules that this API uses, as JSON Schema constraints. Any other rule stops the generator, as it
// stops the server (src/api/field-rules.ts). They apply to requests, not to responses.

export function valueRules(rules, way) {
  if (way === 'answer') return {};
  const { required: _, string = {}, uint32 = {}, double = {}, ...others } = rules;
  onlyKnown(others, []);
  onlyKnown(string, ['minLen', 'maxLen']);
  onlyKnown(uint32, ['gte', 'lte']);
  onlyKnown(double, ['gte', 'lte', 'finite']);
  return {
    ...limit('minLength', string.minLen),
    ...limit('maxLength', string.maxLen),
    ...limit('minimum', uint32.gte ?? double.gte),
    ...limit('maximum', uint32.lte ?? double.lte),
  };
}

export function listRules(rules, way) {
  if (way === 'answer') return {};
  onlyKnown(rules, ['minItems', 'maxItems', 'items']);
  return { ...limit('minItems', rules.minItems), ...limit('maxItems', rules.maxItems) };
}

function limit(keyword, value) {
  return value === undefined ? {} : { [keyword]: Number(value) };
}

function onlyKnown(rules, known) {
  const unknown = Object.keys(rules).find((rule) => !known.includes(rule));
  if (unknown !== undefined) throw new Error(`the rule ${unknown} has no JSON Schema form here`);
}
