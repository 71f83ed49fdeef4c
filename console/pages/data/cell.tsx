import { useWords } from '../../words/words.tsx'

/** A value as the server wrote it. No value, an empty text and blanks can be told apart. */
export function Cell({ text }: { text: string | null | undefined }) {
  const w = useWords().ui
  if (text === null || text === undefined) return <span className="data-null">{w.null}</span>
  if (text === '') return <span className="data-null">""</span>
  return <span className="data-cell">{text}</span>
}

export function isNumeric(type: string): boolean {
  return /^(Int|Float)/.test(type)
}
