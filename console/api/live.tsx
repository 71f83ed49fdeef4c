import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { onSignedOut } from './client.ts'
import { paths } from './paths.ts'

/** What `/events` sends (docs/guide/watching.md); only members that pages use are named. */
export type Heard = {
  type: string
  run?: string
  flow?: string
  step?: string
  state?: string
  model?: string
  delivery?: string
} & Record<string, unknown>

/** `live`: news comes by itself. `lost`: no connection; it is tried again. `off`: nobody is signed in. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'off'

/** Which queries an event makes old, by the first element of their key. */
const TOPICS: Record<string, readonly string[]> = {
  run: ['flows', 'runs', 'overview', 'snapshots'],
  step: ['flows'],
  model: ['models', 'promotions', 'overview', 'audit'],
  tracked: ['experiments'],
  delivery: ['deliveries', 'snapshots', 'sources', 'overview'],
  alert: ['alerts', 'overview'],
  ended: ['deliveries', 'snapshots', 'sources', 'overview'],
}

/** News that comes in a flood makes a query old once in this time. */
const GATHER_MS = 300

const EVENTS = ['state', 'progress', 'run', 'step', 'log', 'model', 'tracked', 'delivery', 'ended', 'alert']
const RETRY_MS = 2_000
const watchers = new Set<(event: Heard) => void>()
const LiveContext = createContext<LiveState>('connecting')

/** Holds the one connection of this page. It connects again by itself, and then asks anew for all that is shown. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<LiveState>('connecting')
  const queries = useQueryClient()
  useEffect(() => connect(queries, setState), [queries])
  return <LiveContext.Provider value={state}>{children}</LiveContext.Provider>
}

export function useLiveState(): LiveState {
  return useContext(LiveContext)
}

/** Calls `onEvent` for each event while the component is there; hand in a function that stays the same. */
export function useEvents(onEvent: (event: Heard) => void): void {
  useEffect(() => {
    watchers.add(onEvent)
    return () => {
      watchers.delete(onEvent)
    }
  }, [onEvent])
}

function connect(queries: QueryClient, setState: (state: LiveState) => void): () => void {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let ended = false
  let wasLost = false
  const topics = new Set<string>()
  let gathering: ReturnType<typeof setTimeout> | undefined
  const makeOld = (more: readonly string[]) => {
    for (const topic of more) topics.add(topic)
    gathering ??= setTimeout(() => {
      gathering = undefined
      const old = new Set(topics)
      topics.clear()
      void queries.invalidateQueries({ predicate: ({ queryKey }) => old.has(String(queryKey[0])) })
    }, GATHER_MS)
  }
  const open = () => {
    if (ended) return
    const opened = new EventSource(paths.events())
    source = opened
    opened.onopen = () => setState('live')
    opened.onerror = () => {
      setState('lost')
      wasLost = true
      // The browser tries again by itself but for an answer that is a refusal: then we do.
      if (opened.readyState !== EventSource.CLOSED) return
      clearTimeout(retry)
      retry = setTimeout(open, RETRY_MS)
    }
    for (const type of EVENTS) {
      opened.addEventListener(type, (message) => {
        const event = { ...(JSON.parse((message as MessageEvent<string>).data) as object), type } as Heard
        if (type === 'state') {
          setState('live')
          if (wasLost) void queries.invalidateQueries()
          wasLost = false
        }
        for (const watcher of watchers) watcher(event)
        makeOld(TOPICS[type] ?? [])
      })
    }
  }
  // Who signs in again begins the page anew.
  const unwatch = onSignedOut(() => {
    ended = true
    clearTimeout(retry)
    source?.close()
    setState('off')
  })
  open()
  return () => {
    ended = true
    clearTimeout(retry)
    clearTimeout(gathering)
    unwatch()
    source?.close()
  }
}
