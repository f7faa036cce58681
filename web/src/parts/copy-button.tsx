import { useEffect, useState } from 'react';

/** Copies a text. Without TLS a browser lets no page do that, but for this machine's: then there is no button. */
export function CopyButton({ text, word = 'Copy' }: { text: string; word?: string }) {
  const [isDone, setIsDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setIsDone(false), 2_000);
    return () => clearTimeout(timer);
  }, [isDone]);
  if (navigator.clipboard === undefined) return null;
  return (
    <button
      type="button"
      className="button"
      onClick={() =>
        navigator.clipboard.writeText(text).then(
          () => setIsDone(true),
          () => setIsDone(false),
        )
      }
    >
      {isDone ? 'Copied' : word}
    </button>
  );
}
