/** Events of the database in use, for the log. */
export type DatabaseEvent =
  /** The connection broke, and was restored. */
  | { readonly kind: 'lost'; readonly error: unknown }
  | { readonly kind: 'back'; readonly awayMs: number }
  /** Notifications of other servers do not arrive. */
  | { readonly kind: 'unheard' }
  /** The disk takes no changes, and takes them again. */
  | { readonly kind: 'unwritable'; readonly error: Error }
  | { readonly kind: 'writable'; readonly unwritableMs: number }
  /** The file's content is not what was written. */
  | { readonly kind: 'damaged'; readonly error: Error };
