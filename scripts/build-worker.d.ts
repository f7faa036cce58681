export function buildWorkerFile(options?: { readonly file?: string; readonly version?: string }): Promise<void>;
