import { useSyncExternalStore } from 'react'
import { useLanguage } from '../words/words.tsx'
import { relativeText } from './format.ts'

/** A moment as time from now; the exact one, in UTC, shows on hover and is read out. `at` is an instant's text or ms. */
export function When({ at, exact = false }: { at: string | number | null | undefined; exact?: boolean }) {
  const { language, words } = useLanguage()
  const now = useMinute()
  if (at === null || at === undefined) return <span className="quiet">{words.ui.never}</span>
  const ms = typeof at === 'number' ? at : Date.parse(at)
  const iso = typeof at === 'number' ? new Date(at).toISOString() : at
  if (Number.isNaN(ms)) return <span>{String(at)}</span>
  const text = iso
    .replace('T', ' ')
    .replace(/(\.\d*?)0*Z$/, '$1Z')
    .replace('.Z', 'Z')
    .replace('Z', ' UTC')
  return (
    <time dateTime={iso} title={exact ? relativeText(ms, now, language) : text} className="when">
      {exact ? text : relativeText(ms, now, language)}
    </time>
  )
}

const listeners = new Set<() => void>()
let minute = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

/** One clock for all times of a page: they move each 15 seconds, and none does where none is shown. */
function useMinute(): number {
  return useSyncExternalStore(subscribe, () => minute)
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    minute = Date.now()
    timer = setInterval(() => {
      minute = Date.now()
      for (const one of listeners) one()
    }, 15_000)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) clearInterval(timer)
  }
}
