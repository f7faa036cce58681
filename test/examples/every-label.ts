/** The labels that the examples require. */
export const everyLabel = [
  'linux',
  'docker',
  'staging',
  'production',
  'gpu',
  'cuda',
  'python',
  'node',
  'go',
  'shell',
  'windows',
  'macos',
];
