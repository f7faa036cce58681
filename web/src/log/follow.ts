/** An action of the reader or the log. */
export type FollowEvent =
  /** A wheel, key, touch or drag of the scroll bar; `atEnd` says whether it reached the end. */
  | { readonly type: 'moved'; readonly direction: 'up' | 'down'; readonly atEnd: boolean }
  | { readonly type: 'selected' }
  /** A link to a line was opened, or a search found one. */
  | { readonly type: 'went-to-line' }
  /** `End`, or the button that counts new lines. */
  | { readonly type: 'asked-for-end' }
  | { readonly type: 'grew' };

/**
 * Whether the window follows the end of the log. It is a state, not a position: growth never changes it, only a gesture
 * does. A gesture upwards ends it immediately, and one downwards starts it only when it reaches the end.
 */
export function follows(now: boolean, event: FollowEvent): boolean {
  switch (event.type) {
    case 'moved':
      return event.direction === 'up' ? false : now || event.atEnd;
    case 'selected':
    case 'went-to-line':
      return false;
    case 'asked-for-end':
      return true;
    case 'grew':
      return now;
  }
}
