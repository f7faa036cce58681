/** What becomes of the database while it is used, for the log. */
export type DatabaseNews =
  /** The connection broke, and came back. */
  | { readonly kind: 'lost'; readonly error: unknown }
  | { readonly kind: 'back'; readonly awayMs: number }
  /** Other servers are not heard. */
  | { readonly kind: 'unheard' }
  /** The disk takes no changes for now, and takes them again. */
  | { readonly kind: 'unwritable'; readonly error: Error }
  | { readonly kind: 'writable'; readonly unwritableMs: number }
  /** What is in the file is not what was written. */
  | { readonly kind: 'damaged'; readonly error: Error };
