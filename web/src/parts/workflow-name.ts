const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a workflow was created by the API, which gives it an id that says nothing to a reader. */
export function hasMadeUpId(id: string): boolean {
  return uuid.test(id);
}

/** What a workflow is called: by its id, which is the name of its file and which commands take; else by its name. */
export function workflowName(id: string, name: string | undefined): string {
  return hasMadeUpId(id) && name !== undefined && name !== '' ? name : id;
}
