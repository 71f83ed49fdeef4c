import type { ScheduleTick } from '../../../../src/wire/schedules.ts'
import { Status } from '../../../ui/badge.tsx'
import { When } from '../../../ui/when.tsx'
import { useWords } from '../../../words/words.tsx'
import { FlowState } from '../states.tsx'

/** What became of a wish, and why. */
export function TickState({ tick, dated = false }: { tick: ScheduleTick; dated?: boolean }) {
  const w = useWords().schedules
  return (
    <>
      {tick.state === 'skipped' ? <Status tone="neutral">{w.skipped}</Status> : <FlowState state={tick.state} />}{' '}
      {dated && <When at={tick.due_at} />}
      {tick.why && <p className="quiet small flows-says">{tick.why}</p>}
    </>
  )
}
