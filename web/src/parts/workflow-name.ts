const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a workflow was created by the API, which gives it a meaningless id. */
export function hasMadeUpId(id: string): boolean {
  return uuid.test(id);
}

/** The display name of a workflow: its id, which is its file's name and which commands accept; otherwise its name. */
export function workflowName(id: string, name: string | undefined): string {
  return hasMadeUpId(id) && name !== undefined && name !== '' ? name : id;
}
