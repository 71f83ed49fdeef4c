import { useSyncExternalStore } from 'react'
import { ApiError } from '../api/client.ts'
import { useWords } from '../words/words.tsx'
import { Button } from './button.tsx'
import './toast.css'

type Toast = { id: number; tone: 'good' | 'bad' | 'info'; text: string }

let toasts: readonly Toast[] = []
let next = 1
const listeners = new Set<() => void>()
const SHOWN_MS = 6_000

/** Says what a click has done. What failed stays until it is closed. */
export function toast(tone: Toast['tone'], text: string): void {
  const made = { id: next++, tone, text }
  set([...toasts.slice(-3), made])
  if (tone !== 'bad') setTimeout(() => close(made.id), SHOWN_MS)
}

/** For `catch` and `onError`: in the words of the server. */
export function toastError(error: unknown): void {
  toast('bad', error instanceof ApiError ? error.detail : error instanceof Error ? error.message : String(error))
}

export function ToastRegion() {
  const w = useWords().ui
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <div key={id} className={`toast ${tone}`}>
          <p>{text}</p>
          <Button small look="quiet" onPress={() => close(id)}>
            {w.close}
          </Button>
        </div>
      ))}
    </div>
  )
}

function close(id: number): void {
  set(toasts.filter((one) => one.id !== id))
}

function set(all: readonly Toast[]): void {
  toasts = all
  for (const listener of listeners) listener()
}
