import { useWords } from '../../words/words.tsx'

/** A value as the server wrote it. No value, an empty text and blanks can be told apart. */
export function Cell({ text }: { text: string | null | undefined }) {
  const w = useWords().ui
  if (text === null || text === undefined) return <span className="data-null">{w.null}</span>
  if (text === '') return <span className="data-null">""</span>
  // A short one is a key or a word, and stays in one line.
  return <span className={text.length > 24 ? 'data-cell' : 'data-cell one-line'}>{text}</span>
}

export function isNumeric(type: string): boolean {
  return /^(Int|Float)/.test(type)
}
