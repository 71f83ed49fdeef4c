/** Wakes whoever waits in this process for a run. */
export type Bell = {
  ring(runId: string): void
  /** Resolves at the run's next ring, or after `ms`. */
  wait(runId: string, ms: number): Promise<void>
}

/** Rings for all when `signal` aborts, and from then on nobody waits. */
export function createBell(signal: AbortSignal): Bell {
  const waiting = new Map<() => void, string>()
  const wakeAll = (runId?: string) => {
    for (const [wake, id] of [...waiting]) if (runId === undefined || id === runId) wake()
  }
  signal.addEventListener('abort', () => wakeAll(), { once: true })
  return {
    ring: wakeAll,
    wait: (runId, ms) =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        waiting.set(wake, runId)
        if (signal.aborted) wake()
      }),
  }
}
