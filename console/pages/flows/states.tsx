import { Status, type Tone } from '../../ui/badge.tsx'
import { useWords } from '../../words/words.tsx'

const TONES: Record<string, Tone> = {
  succeeded: 'good',
  failed: 'bad',
  died: 'bad',
  running: 'info',
  waiting: 'warn',
  cancelled: 'neutral',
}

export function flowTone(state: string): Tone {
  return TONES[state] ?? 'neutral'
}

/** The state of a run or a step; one under way whose end is asked for says so. */
export function FlowState({ state, cancelling = false }: { state: string; cancelling?: boolean }) {
  const w = useWords().flows
  const name = w.states[state] ?? state
  return <Status tone={flowTone(state)}>{cancelling ? `${name}, ${w.cancelling}` : name}</Status>
}
