import { useEffect, useState } from 'react';

/** Copies a text. Without TLS browsers allow that only for localhost; otherwise there is no button. */
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
