import { Link } from '@tanstack/react-router'
import type { TimeCell } from '../../../src/wire/time.ts'
import { useWords } from '../../words/words.tsx'
import { cellText, isNumber } from './cell-text.ts'

/** One value: null is said, a number stands at the right, a long text is cut with all of it on hover. */
export function Cell({ type, value }: { type: string; value: TimeCell }) {
  const words = useWords().ui
  const text = cellText(type, value)
  if (text === null) return <span className="quiet time-null">{words.null}</span>
  if (text === '') return <span className="quiet">“”</span>
  return (
    <span className={isNumber(type) ? 'num' : 'time-text'} title={text.length > 40 ? text : undefined}>
      {text}
    </span>
  )
}

/** Where a snapshot is shown as a whole. */
export function SnapshotLink({ id }: { id: string }) {
  return (
    <Link className="time-snapshot" to="/data/snapshots/$id" params={{ id }}>
      {id}
    </Link>
  )
}
